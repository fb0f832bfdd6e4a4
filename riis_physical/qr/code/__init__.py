"""The QR code itself: messages to segments, codewords and modules, and exactly back."""
