"""New objects of one place in S3, as a queue tells of them."""

from collections.abc import Callable, Sequence

from apps.discovery.aws import Target
from apps.discovery.buckets import Queue
from apps.discovery.notifications import ObjectNotice, UnknownNotice, read_notice
from apps.search.shutdown import stopping

_RECEIVES_A_RUN = 100

WriteDown = Callable[[Sequence[ObjectNotice]], None]


class Inbox:
    """The queue that hears of objects in a bucket below a prefix."""

    def __init__(self, where: Target, queue_url: str, bucket: str, prefix: str) -> None:
        self._where = where
        self._queue_url = queue_url
        self._bucket = bucket
        self._prefix = prefix
        self._unread: list[str] = []

    @property
    def problem(self) -> str:
        """What was left in the queue, in a sentence; "" where nothing was."""
        if not self._unread:
            return ""
        return (
            f"{len(self._unread)} messages of the queue were left in it: "
            f"{self._unread[0]}"
        )

    def receive(self, write_down: WriteDown, hold_on: Callable[[], None]) -> None:
        """Have everything that waits written down, each message before it is deleted;
        `hold_on` runs after every ten. Raises AwsError."""
        queue = Queue(self._where, self._queue_url)
        for _ in range(_RECEIVES_A_RUN):
            messages = queue.receive()
            if not messages or stopping.is_set():
                return
            for message in messages:
                try:
                    self._take_down(read_notice(message.body), write_down)
                except UnknownNotice as error:
                    # Left to the queue: after some tries it becomes a dead letter.
                    self._unread.append(str(error))
                    continue
                queue.delete(message)
            hold_on()

    def _take_down(
        self, notices: Sequence[ObjectNotice], write_down: WriteDown
    ) -> None:
        """Anyone may write to a queue: an object of another bucket or prefix is never
        fetched. Raises UnknownNotice."""
        ours = [notice for notice in notices if self._is_ours(notice)]
        write_down(ours)
        if len(ours) < len(notices):
            raise UnknownNotice(f"an object outside {self._bucket}/{self._prefix}")

    def _is_ours(self, notice: ObjectNotice) -> bool:
        return notice.bucket == self._bucket and notice.key.startswith(self._prefix)
