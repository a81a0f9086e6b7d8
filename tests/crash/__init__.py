"""What happens when parts die: real workers and real servers, ended at the worst
moments. `script/test --crash` prints what was lost, what came twice, and how long it
took to recover."""
