# The long forms of what the tests do in short: figures, and an error at the first fault.
.PHONY: kills histories damages

kills: setup ## 1,000 SIGKILLs of all that writes to an output; each leaves old or new, and nothing over (20 minutes)
	$(PY) -m tests.end_to_end.kills 1000

histories: setup ## 300 random histories of outputs, with deaths in between, compared with an oracle (10 minutes)
	$(PY) -m tests.end_to_end.histories 300

damages: setup ## 300 damaged files of outputs: no wrong answer, no crash, no traceback (10 minutes)
	$(PY) -m tests.end_to_end.damages 300
