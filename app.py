"""The Chalice app. Its routes and event handlers are declared in `chalicelib/handlers/`."""

from chalice.app import Chalice

from chalicelib.handlers import (
    audit_events,
    auth,
    index,
    logs,
    media_events,
    notices,
    schedules,
)

logs.install()
app = Chalice(app_name="tipline", configure_logs=False)
for module in (auth, media_events, notices, schedules, audit_events):
    app.register_blueprint(module.bp)
index.register(app)
