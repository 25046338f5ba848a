"""Text messages for crmkit: Aliyun, Tencent Cloud and Twilio, signed by hand."""
