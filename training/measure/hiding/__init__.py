"""What hiding shows and needs: strength, visibility, refining, and the hosts that are hard."""
