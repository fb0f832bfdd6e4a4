"""Commands that read: photos, folders, video, the page and the server."""
