"""Deploy what `make package` built: `python -m infra.deploy --stage dev`."""
