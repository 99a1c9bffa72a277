package desk

import (
	"testing"
	"time"

	"heed"
)

func TestBoard(t *testing.T) {
	w := newWorld(t)
	b := w.as(south, "s.birk")
	empty := b.get("/desk/").status(200)
	empty.says("We owe no reply.", "Nobody owes us a reply.", "There is no case yet.", "Nothing waits for a receipt.", "Acting as s.birk (duty officer, assessor)")

	w.warn(nil)
	board := b.get("/desk/").status(200)
	board.says("We owe 3 replies, 0 are overdue.", "59 min left", "Acknowledgement", "Assessment", "Answer", "opened by them", "Received")
	_ = time.Second
	_ = heed.StatusActual
}
