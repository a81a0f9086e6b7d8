"""Which event of CloudWatch a line stands for that came without its id."""

from django.db import models


class ClaimedLine(models.Model):
    """A stored line that came without an event id, and the event that was later told
    with its id and is the same to the letter: it is not stored again.

    `day` is the UTC day that the line is stored under: the row is of use as long as
    that day is kept.
    """

    document_id = models.CharField(max_length=48, primary_key=True)
    event_id = models.CharField(max_length=200)
    day = models.DateField(db_index=True)

    def __str__(self) -> str:
        return f"{self.document_id} is {self.event_id}"
