"""The shop's own tables."""

from django.db import migrations, models

NUMBER = models.BigAutoField(
    auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
)


class Migration(migrations.Migration):
    """Makes the table of orders."""

    initial = True
    dependencies = ()
    operations = (
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", NUMBER),
                ("email", models.EmailField(max_length=254)),
                ("item", models.CharField(max_length=40)),
                ("amount", models.DecimalField(max_digits=12, decimal_places=2)),
                ("placed_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
    )
