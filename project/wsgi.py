import os

from django.core.wsgi import get_wsgi_application

from project.web.contenttype import without_unreadable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

application = without_unreadable(get_wsgi_application())
