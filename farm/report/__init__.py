"""The report: what was made, what was not and why, who did it when, and what it cost.

records    what is told, as plain values; what `farm report --json` writes
gather     from a chronicle to these records; pure
rows, uses the same for one job, and for one account
timeline   who did what when, in stretches of work; pure
pictures   small copies of images, as many as the time allows
page       one HTML file that opens from disk; header, failures, people, chart, cards its parts
table      the same jobs as CSV
"""
