"""A page for phones: live camera, the message as soon as frames agree, photos for a study."""
