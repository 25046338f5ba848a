BEGIN TRANSACTION;
CREATE TABLE crmkit_collision (
	workspace INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	system TEXT NOT NULL, 
	value TEXT NOT NULL, 
	holder TEXT NOT NULL, 
	other TEXT NOT NULL, 
	source TEXT NOT NULL, 
	record TEXT NOT NULL, 
	recorded INTEGER NOT NULL, 
	resolved INTEGER, 
	PRIMARY KEY (workspace, id)
)
 WITHOUT ROWID

;
INSERT INTO "crmkit_collision" VALUES(1,'d7eb809b243eff16aa51a28ba4f45c','phone','+8613800138000','c1m85exbm9na84tark','c1m85exbrrpxv45jza','till','call-cats-4',1780311600000000,NULL);
CREATE TABLE crmkit_customer (
	workspace INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	root TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	number TEXT, 
	owner TEXT, 
	parent TEXT, 
	search TEXT NOT NULL, 
	recorded INTEGER NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (workspace, id)
)
 WITHOUT ROWID

;
INSERT INTO "crmkit_customer" VALUES(1,'c1m85exbm967fky20m',23,'c1m85exbm967fky20m','person','',NULL,NULL,NULL,'ann@example.com',1780311600000000,'{"run": 1, "source": "till"}');
INSERT INTO "crmkit_customer" VALUES(1,'c1m85exbm9na84tark',24,'c1m85exbm9na84tark','person','王小明',NULL,NULL,NULL,'王小明
wangxiaoming
wxm
wang@example.com
+8613800138000',1780311600000000,'{"run": 1, "source": "till"}');
INSERT INTO "crmkit_customer" VALUES(1,'c1m85exbrq4jdrpe73',44,'c1m85exbrq4jdrpe73','person','Bob Berg',NULL,'lin',NULL,'bob berg
bob@example.com',1780311600000000,'{"saved":1780311600000000,"source":"till"}');
INSERT INTO "crmkit_customer" VALUES(1,'c1m85exbrr3r4e6p4w',38,'c1m85exbrr3r4e6p4w','person','',NULL,NULL,NULL,'cat@example.com
cats@example.com',1780311600000000,'{"run": 1, "source": "till"}');
INSERT INTO "crmkit_customer" VALUES(1,'c1m85exbrr794dhn65',43,'c1m85exbrr794dhn65','person','',NULL,NULL,NULL,'dan@example.com',1780311600000000,'{"run": 1, "source": "till"}');
INSERT INTO "crmkit_customer" VALUES(1,'c1m85exbrrpxv45jza',37,'c1m85exbrr3r4e6p4w','person','',NULL,NULL,NULL,'cats@example.com',1780311600000000,'{"run": 1, "source": "till"}');
INSERT INTO "crmkit_customer" VALUES(1,'c1m85exc57nzh1tq7w',92,'c1m85exc57nzh1tq7w','person','refuse me',NULL,NULL,NULL,'refuse me
odd@example.com',1780311600000000,'{"saved":1780311600000000}');
INSERT INTO "crmkit_customer" VALUES(2,'c1m85exc7c0wqkyp84',97,'c1m85exc7c0wqkyp84','person','',NULL,NULL,NULL,'ann@example.com',1780311600000000,'{"run": 93, "source": "till"}');
INSERT INTO "crmkit_customer" VALUES(2,'c1m85exc7ce4vmvd8b',98,'c1m85exc7ce4vmvd8b','person','王小明',NULL,NULL,NULL,'王小明
wangxiaoming
wxm
wang@example.com
+8613800138000',1780311600000000,'{"run": 93, "source": "till"}');
CREATE TABLE crmkit_decision (
	workspace INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	customer TEXT, 
	at INTEGER NOT NULL, 
	"by" TEXT, 
	reason TEXT NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (seq)
);
INSERT INTO "crmkit_decision" VALUES(1,31,'undo',NULL,1780311600000000,NULL,'another shop''s','{"customers":[],"run":"30","touchpoints":1}');
INSERT INTO "crmkit_decision" VALUES(1,32,'correct','c1m85exbm967fky20m',1780311600000000,NULL,'misread','{"after":{"amount":"7.25"},"before":{"amount":"100.50"},"id":"purchase-ann-20","source":"till"}');
INSERT INTO "crmkit_decision" VALUES(1,34,'retract','c1m85exbrr794dhn65',1780311600000000,NULL,'never was','{"id":"purchase-dan-3","source":"till"}');
INSERT INTO "crmkit_decision" VALUES(1,36,'merge','c1m85exbrr3r4e6p4w',1780311600000000,NULL,'one person','{"drop":"c1m85exbrrpxv45jza","keep":"c1m85exbrr3r4e6p4w"}');
INSERT INTO "crmkit_decision" VALUES(1,39,'merge','c1m85exbrq4jdrpe73',1780311600000000,NULL,'one person','{"drop":"c1m85exbrr794dhn65","keep":"c1m85exbrq4jdrpe73"}');
INSERT INTO "crmkit_decision" VALUES(1,42,'unmerge','c1m85exbrq4jdrpe73',1780311600000000,NULL,'two after all','{"drop":"c1m85exbrr794dhn65","keep":"c1m85exbrq4jdrpe73","merge":"39"}');
INSERT INTO "crmkit_decision" VALUES(1,45,'decline','c1m85exbrr3r4e6p4w',1780311600000000,NULL,'she asked','{"indicator":"purchase_recency","points":null,"until":null}');
INSERT INTO "crmkit_decision" VALUES(1,46,'override','c1m85exbrq4jdrpe73',1780311600000000,NULL,'he wrote','{"indicator":"purchase_recency","points":50.0,"until":null}');
INSERT INTO "crmkit_decision" VALUES(1,47,'promotion',NULL,1780311600000000,NULL,'','{"competitor":"teahouse","end":1776855600000000,"start":1775127600000000}');
INSERT INTO "crmkit_decision" VALUES(1,48,'erase','c1m85exbrrvndw5wxm',1780311600000000,NULL,'asked for it','{"ids":["c1m85exbrrvndw5wxm"]}');
INSERT INTO "crmkit_decision" VALUES(1,49,'stage','c1m85exbm967fky20m',1780311600000000,NULL,'his score rose by 16.75 points in a quarter','{"after":"upgrade","at":1780311600000000,"before":null,"facts":{"delta":16.75,"purchase_days":9},"replayed":false,"rule":"rising"}');
INSERT INTO "crmkit_decision" VALUES(1,50,'stage','c1m85exbm9na84tark',1780311600000000,NULL,'bought on 3 days','{"after":"maintenance","at":1780311600000000,"before":null,"facts":{"purchase_days":3},"replayed":false,"rule":"regular"}');
INSERT INTO "crmkit_decision" VALUES(1,51,'stage','c1m85exbrq4jdrpe73',1780311600000000,NULL,'bought for the first time 6 days ago','{"after":"development","at":1780311600000000,"before":null,"facts":{"purchases":1},"replayed":false,"rule":"first_purchase"}');
INSERT INTO "crmkit_decision" VALUES(1,52,'stage','c1m85exbrr3r4e6p4w',1780311600000000,NULL,'bought for the first time 300 days ago','{"after":"development","at":1780311600000000,"before":null,"facts":{"purchases":1},"replayed":false,"rule":"first_purchase"}');
INSERT INTO "crmkit_decision" VALUES(1,53,'stage','c1m85exbrr794dhn65',1780311600000000,NULL,'nothing else is known of him','{"after":"prospect","at":1780311600000000,"before":null,"facts":{},"replayed":false,"rule":null}');
INSERT INTO "crmkit_decision" VALUES(1,54,'tier','c1m85exbm967fky20m',1780311600000000,NULL,'rank 1 of 5','{"after":"key","at":1780311600000000,"before":null,"count":5,"rank":1,"replayed":false}');
INSERT INTO "crmkit_decision" VALUES(1,55,'tier','c1m85exbm9na84tark',1780311600000000,NULL,'rank 2 of 5','{"after":"base","at":1780311600000000,"before":null,"count":5,"rank":2,"replayed":false}');
INSERT INTO "crmkit_decision" VALUES(1,56,'tier','c1m85exbrq4jdrpe73',1780311600000000,NULL,'rank 3 of 5','{"after":"base","at":1780311600000000,"before":null,"count":5,"rank":3,"replayed":false}');
INSERT INTO "crmkit_decision" VALUES(1,57,'tier','c1m85exbrr3r4e6p4w',1780311600000000,NULL,'rank 4 of 5','{"after":"base","at":1780311600000000,"before":null,"count":5,"rank":4,"replayed":false}');
INSERT INTO "crmkit_decision" VALUES(1,58,'tier','c1m85exbrr794dhn65',1780311600000000,NULL,'rank 5 of 5','{"after":"base","at":1780311600000000,"before":null,"count":5,"rank":5,"replayed":false}');
INSERT INTO "crmkit_decision" VALUES(1,60,'agenda','c1m85exbm967fky20m',1780311600000000,NULL,'','{"item":"c1m85exbm967fky20m:2025-09-28","touchpoint":"c1m85exbm967fky20m:2025-09-28","until":null,"what":"done"}');
INSERT INTO "crmkit_decision" VALUES(1,61,'opportunity','c1m85exbm9na84tark',1780311600000000,'lin','','{"document":{"amount":"880.10","closes":null,"competition":"none","competitors":[],"costs":[],"currency":"CNY","customer_id":"c1m85exbm9na84tark","id":"61","lost_to":null,"moves":[{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":false,"reason":"","skipped":[],"stage":"meet"}],"name":"A year of tea","owner":"lin","problems":[],"purchase":null,"shared":"","source":"fair","stage":"meet","state":"open"},"due":null,"what":"opened"}');
INSERT INTO "crmkit_decision" VALUES(1,62,'opportunity','c1m85exbm9na84tark',1780311600000000,'lin','he said so','{"document":{"amount":"880.10","closes":null,"competition":"none","competitors":[],"costs":[],"currency":"CNY","customer_id":"c1m85exbm9na84tark","id":"61","lost_to":null,"moves":[{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":false,"reason":"","skipped":[],"stage":"meet"},{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":false,"reason":"he said so","skipped":["discover","confirm","clarify","propose","commit"],"stage":"accept"}],"name":"A year of tea","owner":"lin","problems":[],"purchase":null,"shared":"","source":"fair","stage":"accept","state":"open"},"due":null,"what":"moved"}');
INSERT INTO "crmkit_decision" VALUES(1,63,'opportunity','c1m85exbrq4jdrpe73',1780311600000000,'lin','','{"document":{"amount":"12","closes":null,"competition":"none","competitors":["teahouse"],"costs":[],"currency":"CNY","customer_id":"c1m85exbrq4jdrpe73","id":"63","lost_to":null,"moves":[{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":false,"reason":"","skipped":[],"stage":"meet"}],"name":"A year of tea","owner":"lin","problems":[],"purchase":null,"shared":"","source":"","stage":"meet","state":"open"},"due":null,"what":"opened"}');
INSERT INTO "crmkit_decision" VALUES(1,64,'opportunity','c1m85exbrq4jdrpe73',1780311600000000,'lin','dear','{"document":{"amount":"12","closes":null,"competition":"none","competitors":["teahouse"],"costs":[],"currency":"CNY","customer_id":"c1m85exbrq4jdrpe73","id":"63","lost_to":"teahouse","moves":[{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":false,"reason":"","skipped":[],"stage":"meet"},{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":true,"reason":"dear","skipped":[],"stage":"meet"}],"name":"A year of tea","owner":"lin","problems":[],"purchase":null,"shared":"","source":"","stage":"meet","state":"lost"},"due":null,"what":"lost"}');
INSERT INTO "crmkit_decision" VALUES(1,65,'consent','c1m85exbm967fky20m',1780311600000000,NULL,'a card','{"at":"2026-06-01T11:00:00+00:00","channel":"post","purpose":"care","state":"given","wording":"Write to me."}');
INSERT INTO "crmkit_decision" VALUES(1,66,'consent','c1m85exbrq4jdrpe73',1780311600000000,NULL,'a card','{"at":"2026-06-01T11:00:00+00:00","channel":"post","purpose":"care","state":"given","wording":"Write to me."}');
INSERT INTO "crmkit_decision" VALUES(1,67,'consent','c1m85exbrr3r4e6p4w',1780311600000000,NULL,'a card','{"at":"2026-06-01T11:00:00+00:00","channel":"post","purpose":"care","state":"given","wording":"Write to me."}');
INSERT INTO "crmkit_decision" VALUES(1,68,'consent','c1m85exbrq4jdrpe73',1780311600000000,NULL,'on the phone','{"at":"2026-06-01T11:00:00+00:00","purpose":"marketing","state":"withdrawn"}');
INSERT INTO "crmkit_decision" VALUES(1,69,'mailing',NULL,1780311600000000,'lin','','{"brief":{},"channel":"post","expires":null,"kind":"message_out","occasion":"tea 0","purpose":"care","survey":null,"template":{"forms":{"default":{"default":{"subject":"Tea","text":"{{ name }}, new tea is here: {{ sort }}"}}},"language":null,"name":null},"variables":{"name":"Friend","sort":"green"}}');
INSERT INTO "crmkit_decision" VALUES(1,79,'mailing',NULL,1780311600000000,'lin','','{"brief":{},"channel":"post","expires":null,"kind":"message_out","occasion":"tea 1","purpose":"care","survey":null,"template":{"forms":{"default":{"default":{"subject":"Tea","text":"{{ name }}, new tea is here: {{ sort }}"}}},"language":null,"name":null},"variables":{"name":"Friend","sort":"black"}}');
INSERT INTO "crmkit_decision" VALUES(1,86,'mailing','c1m85exbm967fky20m',1780311600000000,'lin','','{"brief":{},"channel":"post","expires":null,"kind":"message_out","occasion":"tea 2","purpose":"care","survey":null,"template":{"forms":{"default":{"default":{"subject":"Tea","text":"{{ name }}, new tea is here: {{ sort }}"}}},"language":null,"name":null},"variables":{"name":"Friend","sort":"white"}}');
INSERT INTO "crmkit_decision" VALUES(1,88,'mailing','c1m85exbrq4jdrpe73',1780311600000000,NULL,'','{"brief":{},"channel":"post","expires":null,"kind":"survey_sent","occasion":"asked","purpose":"care","survey":"tea","template":{"forms":{"default":{"default":{"text":"{{ question }} {{ survey_url }}"}}},"language":null,"name":null},"variables":{}}');
CREATE TABLE crmkit_document (
	workspace INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	customer TEXT, 
	owner TEXT, 
	state TEXT NOT NULL, 
	due INTEGER, 
	body TEXT NOT NULL, 
	PRIMARY KEY (workspace, number)
)
 WITHOUT ROWID

;
INSERT INTO "crmkit_document" VALUES(1,61,'opportunity','c1m85exbm9na84tark','lin','open',NULL,'{"amount":"880.10","closes":null,"competition":"none","competitors":[],"costs":[],"currency":"CNY","customer_id":"c1m85exbm9na84tark","id":"61","lost_to":null,"moves":[{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":false,"reason":"","skipped":[],"stage":"meet"},{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":false,"reason":"he said so","skipped":["discover","confirm","clarify","propose","commit"],"stage":"accept"}],"name":"A year of tea","owner":"lin","problems":[],"purchase":null,"shared":"","source":"fair","stage":"accept","state":"open"}');
INSERT INTO "crmkit_document" VALUES(1,63,'opportunity','c1m85exbrq4jdrpe73','lin','lost',NULL,'{"amount":"12","closes":null,"competition":"none","competitors":["teahouse"],"costs":[],"currency":"CNY","customer_id":"c1m85exbrq4jdrpe73","id":"63","lost_to":"teahouse","moves":[{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":false,"reason":"","skipped":[],"stage":"meet"},{"at":"2026-06-01T11:00:00+00:00","by":"lin","lost":true,"reason":"dear","skipped":[],"stage":"meet"}],"name":"A year of tea","owner":"lin","problems":[],"purchase":null,"shared":"","source":"","stage":"meet","state":"lost"}');
CREATE TABLE crmkit_fact (
	name TEXT NOT NULL, 
	value BIGINT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "crmkit_fact" VALUES('schema',6);
INSERT INTO "crmkit_fact" VALUES('seq',98);
CREATE TABLE crmkit_fed (
	workspace INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	recorded INTEGER NOT NULL, 
	void INTEGER, 
	correction INTEGER NOT NULL, 
	PRIMARY KEY (workspace, kind, recorded, at)
)
 WITHOUT ROWID

;
INSERT INTO "crmkit_fed" VALUES(1,'call',1779966000000000,1780311600000000,NULL,0);
INSERT INTO "crmkit_fed" VALUES(1,'complaint',1779879600000000,1780311600000000,NULL,0);
INSERT INTO "crmkit_fed" VALUES(1,'message_in',1780311600000000,1780311600000000,NULL,0);
INSERT INTO "crmkit_fed" VALUES(1,'message_out',1780311600000000,1780311600000000,NULL,0);
INSERT INTO "crmkit_fed" VALUES(1,'note',1780311600000000,1780311600000000,NULL,0);
INSERT INTO "crmkit_fed" VALUES(1,'purchase',1710932400000000,1780311600000000,NULL,0);
INSERT INTO "crmkit_fed" VALUES(1,'referral',1779620400000000,1780311600000000,NULL,0);
INSERT INTO "crmkit_fed" VALUES(1,'return',1780138800000000,1780311600000000,NULL,0);
INSERT INTO "crmkit_fed" VALUES(1,'survey_answered',1779534000000000,1780311600000000,NULL,0);
INSERT INTO "crmkit_fed" VALUES(1,'visit',1779706800000000,1780311600000000,NULL,0);
INSERT INTO "crmkit_fed" VALUES(2,'purchase',1745492400000000,1780311600000000,NULL,0);
CREATE TABLE crmkit_identity (
	workspace INTEGER NOT NULL, 
	system TEXT NOT NULL, 
	value TEXT NOT NULL, 
	customer TEXT, 
	recorded INTEGER NOT NULL, 
	PRIMARY KEY (workspace, system, value)
)
 WITHOUT ROWID

;
INSERT INTO "crmkit_identity" VALUES(1,'email','ann@example.com','c1m85exbm967fky20m',1780311600000000);
INSERT INTO "crmkit_identity" VALUES(1,'email','bob@example.com','c1m85exbrq4jdrpe73',1780311600000000);
INSERT INTO "crmkit_identity" VALUES(1,'email','cat@example.com','c1m85exbrr3r4e6p4w',1780311600000000);
INSERT INTO "crmkit_identity" VALUES(1,'email','cats@example.com','c1m85exbrrpxv45jza',1780311600000000);
INSERT INTO "crmkit_identity" VALUES(1,'email','dan@example.com','c1m85exbrr794dhn65',1780311600000000);
INSERT INTO "crmkit_identity" VALUES(1,'email','odd@example.com','c1m85exc57nzh1tq7w',1780311600000000);
INSERT INTO "crmkit_identity" VALUES(1,'email','wang@example.com','c1m85exbm9na84tark',1780311600000000);
INSERT INTO "crmkit_identity" VALUES(1,'phone','+8613800138000','c1m85exbm9na84tark',1780311600000000);
INSERT INTO "crmkit_identity" VALUES(2,'email','ann@example.com','c1m85exc7c0wqkyp84',1780311600000000);
INSERT INTO "crmkit_identity" VALUES(2,'email','wang@example.com','c1m85exc7ce4vmvd8b',1780311600000000);
INSERT INTO "crmkit_identity" VALUES(2,'phone','+8613800138000','c1m85exc7ce4vmvd8b',1780311600000000);
CREATE TABLE crmkit_message (
	workspace INTEGER NOT NULL, 
	customer TEXT NOT NULL, 
	purpose TEXT NOT NULL, 
	occasion TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	mailing INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	reason TEXT, 
	detail TEXT NOT NULL, 
	provider TEXT, 
	code TEXT, 
	at INTEGER NOT NULL, 
	planned INTEGER NOT NULL, 
	sent INTEGER, 
	next INTEGER, 
	attempts INTEGER NOT NULL, 
	expires INTEGER, 
	lease TEXT, 
	variables TEXT, 
	system TEXT, 
	address TEXT, 
	PRIMARY KEY (workspace, customer, purpose, occasion, channel)
)
 WITHOUT ROWID

;
INSERT INTO "crmkit_message" VALUES(1,'c1m85exbm967fky20m','care','tea 0','post',70,69,'accepted',NULL,'','post-70',NULL,1780311600000000,1780311600000000,1780311600000000,NULL,1,NULL,'0d6962a149e447ba98c727615506b5bd','{"name": "Ann"}','email','ann@example.com');
INSERT INTO "crmkit_message" VALUES(1,'c1m85exbm967fky20m','care','tea 1','post',80,79,'accepted',NULL,'','post-80',NULL,1780311600000000,1780311600000000,1780311600000000,NULL,1,NULL,'1affd1ffb472463e987cc464c083db0f','{"name": "Ann"}','email','ann@example.com');
INSERT INTO "crmkit_message" VALUES(1,'c1m85exbm967fky20m','care','tea 2','post',87,86,'planned','cap','he got as much as is allowed until 2026-06-02 11:00:00+00:00',NULL,NULL,1780311600000000,1780311600000000,NULL,1780398000000000,0,NULL,NULL,'{"name": "Ann"}',NULL,NULL);
INSERT INTO "crmkit_message" VALUES(1,'c1m85exbm9na84tark','care','tea 0','post',72,69,'refused','consent','no consent to care',NULL,NULL,1780311600000000,1780311600000000,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "crmkit_message" VALUES(1,'c1m85exbm9na84tark','care','tea 1','post',82,79,'refused','consent','no consent to care',NULL,NULL,1780311600000000,1780311600000000,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "crmkit_message" VALUES(1,'c1m85exbrq4jdrpe73','care','asked','post',89,88,'planned',NULL,'',NULL,NULL,1780311600000000,1780311600000000,NULL,1780311600000000,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "crmkit_message" VALUES(1,'c1m85exbrq4jdrpe73','care','tea 0','post',71,69,'accepted',NULL,'','post-71',NULL,1780311600000000,1780311600000000,1780311600000000,NULL,1,NULL,'0d6962a149e447ba98c727615506b5bd',NULL,'email','bob@example.com');
INSERT INTO "crmkit_message" VALUES(1,'c1m85exbrq4jdrpe73','care','tea 1','post',81,79,'accepted',NULL,'','post-81',NULL,1780311600000000,1780311600000000,1780311600000000,NULL,1,NULL,'1affd1ffb472463e987cc464c083db0f',NULL,'email','bob@example.com');
INSERT INTO "crmkit_message" VALUES(1,'c1m85exbrr3r4e6p4w','care','tea 0','post',73,69,'bounced','provider','the provider says no more than that','post-73',NULL,1780311600000000,1780311600000000,1780311600000000,NULL,1,NULL,'0d6962a149e447ba98c727615506b5bd',NULL,'email','cat@example.com');
INSERT INTO "crmkit_message" VALUES(1,'c1m85exbrr3r4e6p4w','care','tea 1','post',83,79,'refused','suppressed','post: it bounced: no such address',NULL,NULL,1780311600000000,1780311600000000,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE crmkit_meta (
	workspace INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (workspace, name)
)
 WITHOUT ROWID

;
INSERT INTO "crmkit_meta" VALUES(1,'advance','{"at": 1780311600000000, "day": 20605, "watermark": 48, "policy": "{\"answer_days\": 2.0, \"cadence\": [[\"base\", [15552000000000, 31536000000000]], [\"core\", [3888000000000, 7776000000000]], [\"key\", [1209600000000, 2592000000000]]], \"prospects\": false, \"steps\": 8, \"timezone\": \"UTC\"}", "owners": ["lin"]}');
INSERT INTO "crmkit_meta" VALUES(1,'erasure-key','c5d529b70b29d8550467c8c5b3551a4e6a016e0124dcfaf4f8b9d1c71b7493d4');
INSERT INTO "crmkit_meta" VALUES(1,'generation','5');
INSERT INTO "crmkit_meta" VALUES(1,'sync.ledger.at.Contacts','{"changed": {"began": "2026-03-01T09:00:00+00:00", "cursor": null, "lasted": 0.0, "reading": null, "seen": "2026-03-01T09:00:00+00:00", "settled": false}, "deleted": {"began": "2026-03-01T09:00:00+00:00", "cursor": null, "lasted": 0.0, "reading": null, "seen": "2026-03-01T09:00:00+00:00", "settled": false}, "mark": 92, "rules": "e79a02dcdb40cf8171669fe404a040", "swept": 0}');
CREATE TABLE crmkit_pair (
	workspace INTEGER NOT NULL, 
	connector TEXT NOT NULL, 
	object TEXT NOT NULL, 
	ours TEXT NOT NULL, 
	theirs TEXT, 
	customer TEXT, 
	state TEXT NOT NULL, 
	due INTEGER, 
	changed INTEGER, 
	at INTEGER NOT NULL, 
	fields TEXT NOT NULL, 
	PRIMARY KEY (workspace, connector, object, ours)
)
 WITHOUT ROWID

;
INSERT INTO "crmkit_pair" VALUES(1,'ledger','Contacts','c1m85exbm967fky20m','1','c1m85exbm967fky20m','linked',NULL,1772355601000000,1780311600000000,'{"name":[null],"email":["ann@example.com"],"phone":[null],"industry":[null],"owner":[null],"attributes.level":[null]}');
INSERT INTO "crmkit_pair" VALUES(1,'ledger','Contacts','c1m85exbm9na84tark','2','c1m85exbm9na84tark','linked',NULL,1772355602000000,1780311600000000,'{"name":["王小明"],"email":["wang@example.com"],"phone":["+8613800138000"],"industry":[null],"owner":[null],"attributes.level":[null]}');
INSERT INTO "crmkit_pair" VALUES(1,'ledger','Contacts','c1m85exbrq4jdrpe73','5','c1m85exbrq4jdrpe73','linked',NULL,1772355605000000,1780311600000000,'{"name":["Bob Berg"],"email":["bob@example.com"],"phone":[null],"industry":[null],"owner":["lin"],"attributes.level":[null]}');
INSERT INTO "crmkit_pair" VALUES(1,'ledger','Contacts','c1m85exbrr3r4e6p4w','3','c1m85exbrr3r4e6p4w','linked',NULL,1772355603000000,1780311600000000,'{"name":[null],"email":["cat@example.com"],"phone":[null],"industry":[null],"owner":[null],"attributes.level":[null]}');
INSERT INTO "crmkit_pair" VALUES(1,'ledger','Contacts','c1m85exbrr794dhn65','4','c1m85exbrr794dhn65','linked',NULL,1772355604000000,1780311600000000,'{"name":[null],"email":["dan@example.com"],"phone":[null],"industry":[null],"owner":[null],"attributes.level":[null]}');
CREATE TABLE crmkit_standing (
	workspace INTEGER NOT NULL, 
	customer TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	rank INTEGER NOT NULL, 
	total  NOT NULL, 
	delta  NOT NULL, 
	unexpected  NOT NULL, 
	tier TEXT, 
	tier_since INTEGER, 
	stage TEXT, 
	stage_since INTEGER, 
	kind TEXT, 
	account TEXT, 
	owner TEXT, 
	queue INTEGER, 
	weight  NOT NULL, 
	day INTEGER, 
	contact INTEGER, 
	ideal INTEGER, 
	worst INTEGER, 
	due INTEGER, 
	facts TEXT, 
	PRIMARY KEY (workspace, customer)
)
 WITHOUT ROWID

;
INSERT INTO "crmkit_standing" VALUES(1,'c1m85exbm967fky20m',1780311600000000,1,4.47368794693995184283e+01,1.67537544692819189155e+01,2.75566091930670822298e+01,'key',1780311600000000,'upgrade',1780311600000000,'value','c1m85exbm967fky20m',NULL,9,44.736879,20605,NULL,1209600000000,2592000000000,1759057200000000,'{"causes": [["promotion_loyalty", 7.06], ["surveys_answered", 5.88], ["referrals", 4.68]]}');
INSERT INTO "crmkit_standing" VALUES(1,'c1m85exbm9na84tark',1780311600000000,2,2.0508308005716070709e+01,1.45244466125025173397e+01,1.45244466125025173397e+01,'base',1780311600000000,'maintenance',1780311600000000,'potential','c1m85exbm9na84tark',NULL,9,20.508308,20605,NULL,15552000000000,31536000000000,1726484400000000,'{"causes": [["purchase_recency", 9.82], ["purchase_frequency", 1.94], ["purchase_amount", 1.89]]}');
INSERT INTO "crmkit_standing" VALUES(1,'c1m85exbrq4jdrpe73',1780311600000000,3,1.04190184842821693673e+01,1.04190184842821693673e+01,1.04190184842821693673e+01,'base',1780311600000000,'development',1780311600000000,'potential','c1m85exbrq4jdrpe73','lin',0,10.419018,20605,1779706800000000,15552000000000,31536000000000,1795258800000000,'{"causes": [["purchase_recency", 5.71], ["purchase_frequency", 2.26], ["purchase_count", 1.54]]}');
INSERT INTO "crmkit_standing" VALUES(1,'c1m85exbrr3r4e6p4w',1780311600000000,4,1.16525968871011076366e+00,-1.80467704717892218901e+00,-1.80467704717892218901e+00,'base',1780311600000000,'development',1780311600000000,'ordinary','c1m85exbrr3r4e6p4w',NULL,0,1.375551,20605,1779966000000000,15552000000000,31536000000000,1795518000000000,NULL);
INSERT INTO "crmkit_standing" VALUES(1,'c1m85exbrr794dhn65',1780311600000000,5,0.0,0.0,0.0,'base',1780311600000000,'prospect',1780311600000000,'ordinary','c1m85exbrr794dhn65',NULL,NULL,0.0,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE crmkit_state (
	workspace INTEGER NOT NULL, 
	customer TEXT NOT NULL, 
	layout INTEGER NOT NULL, 
	sums BLOB NOT NULL, 
	seen BLOB, 
	bought BLOB, 
	rest TEXT, 
	first INTEGER NOT NULL, 
	newest INTEGER NOT NULL, 
	contact INTEGER, 
	own INTEGER, 
	recorded INTEGER NOT NULL, 
	PRIMARY KEY (workspace, customer)
)
 WITHOUT ROWID

;
INSERT INTO "crmkit_state" VALUES(1,'c1m85exbm967fky20m',34222221441369190,X'00000000007A8A4073F3753493F91C4000B0B90E73461943BF562787D7A7844000B0B90E7346194300B0B90E73461943000000000000000000A138149B39DFC300A138149B39DFC3000000000000000000A138149B39DFC300A138149B39DFC32B61BC5A33F7104000000000000000000000000000000000000000000000000000A138149B39DFC3000000000000F03F000000000000F03F00000000000000000030BE2FE8491943000000000000000000A138149B39DFC3000000000000F03F00B01BA7384A1943000000000000000000A138149B39DFC30000000000002340000000000000F03F0030BE2FE84919430000000000000000',X'80C484BBC18765BA002C7144414F060080C484BBC18765BA00EC33C5E54C060080C484BBC18765BA00ACF6458A4A060080C484BBC18765BA006CB9C62E48060080C484BBC18765BA002C7C47D345060080C484BBC18765BA00EC3EC87743060080C484BBC18765BA00AC01491C41060080C484BBC18765BA006CC4C9C03E060080C484BBC18765BA006CAEC39C510600',X'002C7144414F060000EC33C5E54C060000ACF6458A4A0600006CB9C62E480600002C7C47D345060000EC3EC87743060000AC01491C410600006CC4C9C03E0600006CAEC39C510600',NULL,1757847600000000,1780311600000000,1780311600000000,1779620400000000,1780311600000000);
INSERT INTO "crmkit_state" VALUES(1,'c1m85exbm9na84tark',34222221441369190,X'CDCCCCCCCCFFA3400267D1E2D6FCFA3F0030EFFBCA4B19431F8E8544E2F095400030EFFBCA4B194300B04C731B4C1943000000000000000000A138149B39DFC300A138149B39DFC3000000000000000000A138149B39DFC300A138149B39DFC36352E138C4C4F03F00000000000000000000000000000000000000000000000000A138149B39DFC300000000000000000000000000000000000000000000000000A138149B39DFC3000000000000000000A138149B39DFC3000000000000000000A138149B39DFC3000000000000000000A138149B39DFC30000000000000000000000000000000000A138149B39DFC30000000000000000',NULL,X'00CCFBBEF252060000CC751E8433060000CCEF7D15140600',NULL,1710932400000000,1780138800000000,NULL,1780138800000000,1780311600000000);
INSERT INTO "crmkit_state" VALUES(1,'c1m85exbrq4jdrpe73',34222221441369190,X'9A9999999999B93F000000000000F03F00B0D695D94A19439A9999999999B93F00B0D695D94A194300B0D695D94A1943000000000000084000B0D695D94A194300B0D695D94A19439A9999999999A9BF00B0D695D94A194300B0D695D94A1943000000000000F03F00000000000000000000000000000000000000000000000000A138149B39DFC3000000000000F03F000000000000F03F000000000000000000B00762BC4C1943000000000000000000A138149B39DFC3000000000000000000A138149B39DFC3000000000000000000A138149B39DFC30000000000002240000000000000F03F00B00762BC4C19430000000000000000',NULL,X'00AC7565B6520600',NULL,1779706800000000,1780311600000000,1780311600000000,1780311600000000,1780311600000000);
INSERT INTO "crmkit_state" VALUES(1,'c1m85exbrr3r4e6p4w',34222221441369190,X'0000000000002840000000000000F03F00B0758070EE1843000000000000284000B0758070EE184300B0758070EE1843000000000000000000A138149B39DFC300A138149B39DFC3000000000000000000A138149B39DFC300A138149B39DFC3000000000000F03F00000000000000000000000000000000000000000000000000A138149B39DFC300000000000000000000000000000000000000000000000000A138149B39DFC3000000000000000000A138149B39DFC3000000000000000000A138149B39DFC3000000000000000000A138149B39DFC30000000000000000000000000000F03F0030340D2A4B19430000000000000000',NULL,X'006C1D209C3B0600',NULL,1754391600000000,1780311600000000,1779966000000000,1779966000000000,1780311600000000);
INSERT INTO "crmkit_state" VALUES(2,'c1m85exc7c0wqkyp84',34222221441369190,X'0000000000006B40DC42E0642B1DFF3F00B0062471041943AC1882C8B93F6A4000B006247104194300B0062471041943000000000000000000A138149B39DFC300A138149B39DFC3000000000000000000A138149B39DFC300A138149B39DFC31EB79E52FFB2FC3F00000000000000000000000000000000000000000000000000A138149B39DFC300000000000000000000000000000000000000000000000000A138149B39DFC3000000000000000000A138149B39DFC3000000000000000000A138149B39DFC3000000000000000000A138149B39DFC30000000000000000000000000000000000A138149B39DFC30000000000000000',X'80C484BBC18765BA00AC01491C41060080C484BBC18765BA006CC4C9C03E0600',X'00AC01491C410600006CC4C9C03E0600',NULL,1757847600000000,1760439600000000,NULL,1760439600000000,1780311600000000);
INSERT INTO "crmkit_state" VALUES(2,'c1m85exc7ce4vmvd8b',34222221441369190,X'0000000000809B408E5D856F4D7CF73F0030EFFBCA4B1943669CD68BD22E94400030EFFBCA4B19430030EFFBCA4B1943000000000000000000A138149B39DFC300A138149B39DFC3000000000000000000A138149B39DFC300A138149B39DFC33D10854220BCF03F00000000000000000000000000000000000000000000000000A138149B39DFC300000000000000000000000000000000000000000000000000A138149B39DFC3000000000000000000A138149B39DFC3000000000000000000A138149B39DFC3000000000000000000A138149B39DFC30000000000000000000000000000000000A138149B39DFC30000000000000000',NULL,X'00CCFBBEF252060000CC751E84330600',NULL,1745492400000000,1780052400000000,NULL,1780052400000000,1780311600000000);
CREATE TABLE crmkit_suppression (
	workspace INTEGER NOT NULL, 
	hash TEXT NOT NULL, 
	channel TEXT, 
	at INTEGER NOT NULL, 
	reason TEXT NOT NULL, 
	source TEXT NOT NULL, 
	PRIMARY KEY (workspace, hash)
)
 WITHOUT ROWID

;
INSERT INTO "crmkit_suppression" VALUES(1,'1a0dafc57826f12626c5ddffa22cbab2f82d873a6be715bc6f1a9feead75f3af',NULL,1780311600000000,'it bounced: no such address','post');
CREATE TABLE crmkit_sync_case (
	workspace INTEGER NOT NULL, 
	connector TEXT NOT NULL, 
	object TEXT NOT NULL, 
	what TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	field TEXT NOT NULL, 
	customer TEXT, 
	at INTEGER NOT NULL, 
	hash TEXT NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (workspace, connector, object, what, "key", field)
)
 WITHOUT ROWID

;
INSERT INTO "crmkit_sync_case" VALUES(1,'ledger','Contacts','quarantine','c1m85exc57nzh1tq7w','theirs','c1m85exc57nzh1tq7w',1780311600000000,'8895a6b790a025150aa178e1ddf421','{"at": "2026-06-01T11:00:00+00:00", "code": "INVALID", "connector": "ledger", "field": null, "key": "c1m85exc57nzh1tq7w", "object": "Contacts", "reason": "Name: this name is refused here", "side": "theirs"}');
CREATE TABLE crmkit_sync_run (
	workspace INTEGER NOT NULL, 
	connector TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	started INTEGER NOT NULL, 
	finished INTEGER, 
	body TEXT NOT NULL, 
	PRIMARY KEY (workspace, connector, number)
)
 WITHOUT ROWID

;
INSERT INTO "crmkit_sync_run" VALUES(1,'ledger',1,1780311600000000,1780311600000000,'{"conflicts": 0, "connector": "ledger", "created": 5, "deleted": 0, "error": "", "finished": "2026-06-01T11:00:00+00:00", "quarantined": 1, "read": 0, "started": "2026-06-01T11:00:00+00:00", "stopped": "", "unchanged": 0, "updated": 0, "written": 5}');
CREATE TABLE crmkit_tombstone (
	workspace INTEGER NOT NULL, 
	hash TEXT NOT NULL, 
	recorded INTEGER NOT NULL, 
	PRIMARY KEY (workspace, hash)
)
 WITHOUT ROWID

;
INSERT INTO "crmkit_tombstone" VALUES(1,'1d3ee7e061ae940bc42ca0aebbbf2cec33bb43860d4b6dc8318cd58579930a3e',1780311600000000);
INSERT INTO "crmkit_tombstone" VALUES(1,'9561c6028e65c674130587669892743e079e61aa370309cf2412155c0e6b4b1b',1780311600000000);
CREATE TABLE crmkit_touchpoint (
	workspace INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	id TEXT NOT NULL, 
	rev INTEGER NOT NULL, 
	customer TEXT NOT NULL, 
	via TEXT, 
	kind TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	zone INTEGER NOT NULL, 
	recorded INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	amount TEXT, 
	currency TEXT, 
	margin TEXT, 
	quantity TEXT, 
	item TEXT, 
	category TEXT, 
	channel TEXT, 
	direction TEXT, 
	rating , 
	text TEXT, 
	origin TEXT NOT NULL, 
	"of" TEXT, 
	friend TEXT, 
	attributes TEXT, 
	PRIMARY KEY (seq)
);
INSERT INTO "crmkit_touchpoint" VALUES(1,1,'till','purchase-ann-20',0,'c1m85exbm967fky20m','email:ann@example.com','purchase',1778583600000000,0,1780311600000000,1,'100.50','CNY',NULL,NULL,'tea',NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,2,'till','purchase-ann-50',0,'c1m85exbm967fky20m','email:ann@example.com','purchase',1775991600000000,0,1780311600000000,1,'101.50','CNY',NULL,NULL,'tea',NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,3,'till','purchase-ann-80',0,'c1m85exbm967fky20m','email:ann@example.com','purchase',1773399600000000,0,1780311600000000,1,'102.50','CNY',NULL,NULL,'tea',NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,4,'till','purchase-ann-110',0,'c1m85exbm967fky20m','email:ann@example.com','purchase',1770807600000000,0,1780311600000000,1,'103.50','CNY',NULL,NULL,'tea',NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,5,'till','purchase-ann-140',0,'c1m85exbm967fky20m','email:ann@example.com','purchase',1768215600000000,0,1780311600000000,1,'104.50','CNY',NULL,NULL,'tea',NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,6,'till','purchase-ann-170',0,'c1m85exbm967fky20m','email:ann@example.com','purchase',1765623600000000,0,1780311600000000,1,'105.50','CNY',NULL,NULL,'tea',NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,7,'till','purchase-ann-200',0,'c1m85exbm967fky20m','email:ann@example.com','purchase',1763031600000000,0,1780311600000000,1,'106.50','CNY',NULL,NULL,'tea',NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,8,'till','purchase-ann-230',0,'c1m85exbm967fky20m','email:ann@example.com','purchase',1760439600000000,0,1780311600000000,1,'107.50','CNY',NULL,NULL,'tea',NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,9,'till','purchase-ann-260',0,'c1m85exbm967fky20m','email:ann@example.com','purchase',1757847600000000,0,1780311600000000,1,'108.50','CNY',NULL,NULL,'tea',NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,10,'till','purchase-wang-3',0,'c1m85exbm9na84tark','email:wang@example.com','purchase',1780052400000000,0,1780311600000000,1,'880.00','CNY',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,11,'till','purchase-wang-403',0,'c1m85exbm9na84tark','email:wang@example.com','purchase',1745492400000000,0,1780311600000000,1,'880.00','CNY',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,12,'till','purchase-wang-803',0,'c1m85exbm9na84tark','email:wang@example.com','purchase',1710932400000000,0,1780311600000000,1,'880.00','CNY',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,13,'till','return-wang-2',0,'c1m85exbm9na84tark','email:wang@example.com','return',1780138800000000,0,1780311600000000,1,'-80.10','CNY',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'captured','purchase-wang-3',NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,14,'till','survey_answered-ann-9',0,'c1m85exbm967fky20m','email:ann@example.com','survey_answered',1779534000000000,0,1780311600000000,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,9.5,'好 🍵 “very” good','captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,15,'till','referral-ann-8',0,'c1m85exbm967fky20m','email:ann@example.com','referral',1779620400000000,0,1780311600000000,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'captured',NULL,'{"email":"bob@example.com"}',NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,16,'till','visit-bob-7',0,'c1m85exbrq4jdrpe73','email:bob@example.com','visit',1779706800000000,0,1780311600000000,1,NULL,NULL,NULL,NULL,NULL,NULL,'shop','in',NULL,NULL,'captured',NULL,NULL,'{"shelf":3}');
INSERT INTO "crmkit_touchpoint" VALUES(1,17,'till','purchase-bob-6',0,'c1m85exbrq4jdrpe73','email:bob@example.com','purchase',1779793200000000,0,1780311600000000,1,'0.10','CNY','-0.05','3',NULL,'cups',NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,18,'till','purchase-cat-300',0,'c1m85exbrr3r4e6p4w','email:cat@example.com','purchase',1754391600000000,0,1780311600000000,1,'12','CNY',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,19,'till','complaint-cat-5',0,'c1m85exbrr3r4e6p4w','email:cat@example.com','complaint',1779879600000000,0,1780311600000000,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'cold','captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,20,'till','call-cats-4',0,'c1m85exbrrpxv45jza','email:cats@example.com','call',1779966000000000,0,1780311600000000,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,21,'till','purchase-dan-3',0,'c1m85exbrr794dhn65','email:dan@example.com','purchase',1780052400000000,0,1780311600000000,1,'5','CNY',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,30,'wrong till','purchase-ann-1',0,'c1m85exbm967fky20m','email:ann@example.com','purchase',1780225200000000,0,1780311600000000,30,'99999','CNY',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,33,'till','purchase-ann-20',1,'c1m85exbm967fky20m','email:ann@example.com','purchase',1778583600000000,0,1780311600000000,-32,'7.25','CNY',NULL,NULL,'tea',NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,59,'agenda','c1m85exbm967fky20m:2025-09-28',0,'c1m85exbm967fky20m',NULL,'message_out',1780311600000000,0,1780311600000000,59,NULL,NULL,NULL,NULL,NULL,NULL,'email',NULL,NULL,'called','typed',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,74,'outreach','70',0,'c1m85exbm967fky20m',NULL,'message_out',1780311600000000,0,1780311600000000,74,NULL,NULL,NULL,NULL,NULL,NULL,'post','out',NULL,NULL,'captured',NULL,NULL,'{"automatic":true,"occasion":"tea 0","purpose":"care"}');
INSERT INTO "crmkit_touchpoint" VALUES(1,75,'outreach','71',0,'c1m85exbrq4jdrpe73',NULL,'message_out',1780311600000000,0,1780311600000000,74,NULL,NULL,NULL,NULL,NULL,NULL,'post','out',NULL,NULL,'captured',NULL,NULL,'{"automatic":true,"occasion":"tea 0","purpose":"care"}');
INSERT INTO "crmkit_touchpoint" VALUES(1,76,'outreach','73',0,'c1m85exbrr3r4e6p4w',NULL,'message_out',1780311600000000,0,1780311600000000,74,NULL,NULL,NULL,NULL,NULL,NULL,'post','out',NULL,NULL,'captured',NULL,NULL,'{"automatic":true,"occasion":"tea 0","purpose":"care"}');
INSERT INTO "crmkit_touchpoint" VALUES(1,77,'outreach','73:bounced',0,'c1m85exbrr3r4e6p4w',NULL,'note',1780311600000000,0,1780311600000000,77,NULL,NULL,NULL,NULL,NULL,NULL,'post','out',NULL,'bounced','captured',NULL,NULL,'{"machine":false,"message":"73","occasion":"tea 0","receipt":"bounced"}');
INSERT INTO "crmkit_touchpoint" VALUES(1,78,'outreach','reply:post:reply-1',0,'c1m85exbrq4jdrpe73',NULL,'message_in',1780311600000000,0,1780311600000000,77,NULL,NULL,NULL,NULL,NULL,NULL,'post','in',NULL,'thank you','captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(1,84,'outreach','80',0,'c1m85exbm967fky20m',NULL,'message_out',1780311600000000,0,1780311600000000,84,NULL,NULL,NULL,NULL,NULL,NULL,'post','out',NULL,NULL,'captured',NULL,NULL,'{"automatic":true,"occasion":"tea 1","purpose":"care"}');
INSERT INTO "crmkit_touchpoint" VALUES(1,85,'outreach','81',0,'c1m85exbrq4jdrpe73',NULL,'message_out',1780311600000000,0,1780311600000000,84,NULL,NULL,NULL,NULL,NULL,NULL,'post','out',NULL,NULL,'captured',NULL,NULL,'{"automatic":true,"occasion":"tea 1","purpose":"care"}');
INSERT INTO "crmkit_touchpoint" VALUES(1,90,'survey','89',0,'c1m85exbrq4jdrpe73',NULL,'survey_answered',1780311600000000,0,1780311600000000,90,NULL,NULL,NULL,NULL,NULL,NULL,'post','in',9.0,'hot','captured',NULL,NULL,'{"occasion":"asked","score":9,"survey":"tea"}');
INSERT INTO "crmkit_touchpoint" VALUES(2,93,'till','purchase-ann-230',0,'c1m85exc7c0wqkyp84','email:ann@example.com','purchase',1760439600000000,0,1780311600000000,93,'107.50','CNY',NULL,NULL,'tea',NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(2,94,'till','purchase-ann-260',0,'c1m85exc7c0wqkyp84','email:ann@example.com','purchase',1757847600000000,0,1780311600000000,93,'108.50','CNY',NULL,NULL,'tea',NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(2,95,'till','purchase-wang-3',0,'c1m85exc7ce4vmvd8b','email:wang@example.com','purchase',1780052400000000,0,1780311600000000,93,'880.00','CNY',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
INSERT INTO "crmkit_touchpoint" VALUES(2,96,'till','purchase-wang-403',0,'c1m85exc7ce4vmvd8b','email:wang@example.com','purchase',1745492400000000,0,1780311600000000,93,'880.00','CNY',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'captured',NULL,NULL,NULL);
CREATE TABLE crmkit_void (
	workspace INTEGER NOT NULL, 
	customer TEXT NOT NULL, 
	touchpoint INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	decision INTEGER NOT NULL, 
	PRIMARY KEY (workspace, customer, touchpoint)
)
 WITHOUT ROWID

;
INSERT INTO "crmkit_void" VALUES(1,'c1m85exbm967fky20m',1,1780311600000000,32);
INSERT INTO "crmkit_void" VALUES(1,'c1m85exbm967fky20m',30,1780311600000000,31);
INSERT INTO "crmkit_void" VALUES(1,'c1m85exbrr794dhn65',21,1780311600000000,34);
CREATE TABLE crmkit_workspace (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
INSERT INTO "crmkit_workspace" VALUES(1,'default');
INSERT INTO "crmkit_workspace" VALUES(2,'branch');
CREATE UNIQUE INDEX crmkit_touchpoint_key ON crmkit_touchpoint (workspace, source, id, rev);
CREATE INDEX crmkit_touchpoint_at ON crmkit_touchpoint (workspace, at);
CREATE INDEX crmkit_touchpoint_customer_at ON crmkit_touchpoint (workspace, customer, at);
CREATE INDEX crmkit_decision_kind_seq ON crmkit_decision (workspace, kind);
CREATE INDEX crmkit_decision_customer_seq ON crmkit_decision (workspace, customer);
CREATE INDEX crmkit_customer_parent ON crmkit_customer (workspace, parent, id);
CREATE INDEX crmkit_customer_owner_id ON crmkit_customer (workspace, owner, id);
CREATE INDEX crmkit_customer_root ON crmkit_customer (workspace, root, id);
CREATE INDEX crmkit_customer_seq ON crmkit_customer (workspace, seq, id);
CREATE INDEX crmkit_customer_number ON crmkit_customer (workspace, number, id);
CREATE INDEX crmkit_identity_customer ON crmkit_identity (workspace, customer, system, value);
CREATE INDEX crmkit_collision_holder ON crmkit_collision (workspace, holder, id);
CREATE INDEX crmkit_collision_other ON crmkit_collision (workspace, other, id);
CREATE INDEX crmkit_standing_due ON crmkit_standing (workspace, due, customer);
CREATE INDEX crmkit_standing_owner_queue_due ON crmkit_standing (workspace, owner, queue, due, customer);
CREATE INDEX crmkit_standing_owner_queue_weight ON crmkit_standing (workspace, owner, queue, weight, customer);
CREATE INDEX crmkit_standing_stage_customer ON crmkit_standing (workspace, stage, customer);
CREATE INDEX crmkit_standing_tier_rank ON crmkit_standing (workspace, tier, rank, customer);
CREATE INDEX crmkit_document_kind_due ON crmkit_document (workspace, kind, due, number);
CREATE INDEX crmkit_document_customer ON crmkit_document (workspace, customer, number);
CREATE INDEX crmkit_document_kind_state_number ON crmkit_document (workspace, kind, state, number);
CREATE INDEX crmkit_document_kind_owner ON crmkit_document (workspace, kind, owner, number);
CREATE INDEX crmkit_message_state_next ON crmkit_message (workspace, state, next, customer, purpose, occasion, channel);
CREATE INDEX crmkit_message_number ON crmkit_message (workspace, number, customer, purpose, occasion, channel);
CREATE INDEX crmkit_message_channel_provider ON crmkit_message (workspace, channel, provider, customer, purpose, occasion);
CREATE INDEX crmkit_message_channel_sent ON crmkit_message (workspace, channel, sent, customer, purpose, occasion);
CREATE INDEX crmkit_pair_connector_object_due ON crmkit_pair (workspace, connector, object, due, ours) WHERE due IS NOT NULL;
CREATE INDEX crmkit_pair_connector_object_theirs ON crmkit_pair (workspace, connector, object, theirs, ours);
CREATE INDEX crmkit_pair_connector_object_state ON crmkit_pair (workspace, connector, object, state, ours) WHERE state != 'linked';
CREATE INDEX crmkit_pair_customer ON crmkit_pair (workspace, customer, connector, object, ours);
CREATE INDEX crmkit_sync_case_customer ON crmkit_sync_case (workspace, customer, connector, object, what, "key", field);
COMMIT;
