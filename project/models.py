from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """Our own from the first migration, since it cannot be swapped in later.

    Who may see which practice is a membership, and lives with the practices in campaigns.
    """
