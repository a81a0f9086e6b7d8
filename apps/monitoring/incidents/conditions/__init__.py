"""What alert rules of this room can ask: metrics, documents, and sources that fell
silent."""
