BEGIN TRANSACTION;
CREATE TABLE attempts (
	id INTEGER NOT NULL, 
	job_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	session TEXT DEFAULT '' NOT NULL, 
	phase TEXT NOT NULL, 
	facts JSON NOT NULL, 
	conversation TEXT DEFAULT '' NOT NULL, 
	started_at DOUBLE NOT NULL, 
	phase_at DOUBLE NOT NULL, 
	cause TEXT, 
	counted BOOLEAN DEFAULT 0 NOT NULL, 
	message TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (job_id, number), 
	FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE
);
INSERT INTO "attempts" VALUES(1,1,1,1,'alice','claimed','{}','',1.7952356792260050774e+09,1.7952356792260050774e+09,'refused.policy',1,'refused');
CREATE TABLE events (
	id INTEGER NOT NULL, 
	job_id INTEGER, 
	at DOUBLE NOT NULL, 
	kind TEXT NOT NULL, 
	data JSON NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE
);
INSERT INTO "events" VALUES(1,1,1.79523567921799874309e+09,'added','{}');
INSERT INTO "events" VALUES(2,2,1.79523567921799874309e+09,'added','{}');
INSERT INTO "events" VALUES(3,NULL,1.79523567921900463104e+09,'imported','{"queue": "q", "source": "/prompts.csv", "new": 2}');
INSERT INTO "events" VALUES(4,1,1.7952356792260050774e+09,'claimed','{"worker": "w", "attempt": 1, "phase": "claimed"}');
INSERT INTO "events" VALUES(5,1,1.79523567923199987416e+09,'failed','{"cause": "refused.policy", "message": "refused", "counted": true}');
CREATE TABLE images (
	id INTEGER NOT NULL, 
	job_id INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	path TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	width_px INTEGER NOT NULL, 
	height_px INTEGER NOT NULL, 
	media_type TEXT NOT NULL, 
	source TEXT NOT NULL, 
	warnings JSON NOT NULL, 
	at DOUBLE NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (job_id, path), 
	FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE
);
CREATE TABLE jobs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	queue_id INTEGER NOT NULL, 
	prompt_id TEXT NOT NULL, 
	version INTEGER DEFAULT '1' NOT NULL, 
	state TEXT DEFAULT 'pending' NOT NULL, 
	lane TEXT NOT NULL, 
	home_lane TEXT NOT NULL, 
	priority INTEGER DEFAULT '0' NOT NULL, 
	not_before DOUBLE, 
	attempts INTEGER DEFAULT '0' NOT NULL, 
	max_attempts INTEGER NOT NULL, 
	crashes INTEGER DEFAULT '0' NOT NULL, 
	fence INTEGER DEFAULT '0' NOT NULL, 
	worker TEXT DEFAULT '' NOT NULL, 
	lease_until DOUBLE, 
	pinned_until DOUBLE, 
	cancel_requested BOOLEAN DEFAULT 0 NOT NULL, 
	fingerprint TEXT NOT NULL, 
	regen_done TEXT, 
	payload JSON NOT NULL, 
	cause TEXT, 
	message TEXT DEFAULT '' NOT NULL, 
	image_path TEXT DEFAULT '' NOT NULL, 
	session TEXT DEFAULT '' NOT NULL, 
	updated_at DOUBLE NOT NULL, 
	completed_at DOUBLE, 
	source_row INTEGER DEFAULT '0' NOT NULL, 
	UNIQUE (queue_id, prompt_id), 
	FOREIGN KEY(queue_id) REFERENCES queues (id) ON DELETE CASCADE
);
INSERT INTO "jobs" VALUES(1,1,'one',1,'failed','any','any',0,NULL,1,3,0,1,'',NULL,NULL,0,'96b2ac41ec7af2f7459fd5f1fcc98411ced23e7a36baeb4e1e273eb0a37dc063',NULL,'{"id": "one", "image_type": "Regular", "filename": "one.png", "size": "", "colors": "", "typography": "", "description": "A harbour", "title": "", "author": "", "extra": {}}','refused.policy','refused','','alice',1.79523567923099398608e+09,NULL,1);
INSERT INTO "jobs" VALUES(2,1,'two',1,'pending','any','any',0,NULL,0,3,0,0,'',NULL,NULL,0,'2cc79582cf683706a79fd136ac24112c46b46f49f6a02587a4cca2a71a2c37d1',NULL,'{"id": "two", "image_type": "Regular", "filename": "two.png", "size": "", "colors": "", "typography": "", "description": "A harbour", "title": "", "author": "", "extra": {}}',NULL,'','','',1.7952356792169928551e+09,NULL,2);
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('schema_version','1');
CREATE TABLE queues (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name TEXT NOT NULL, 
	source TEXT DEFAULT '' NOT NULL, 
	paused BOOLEAN DEFAULT 0 NOT NULL, 
	UNIQUE (name)
);
INSERT INTO "queues" VALUES(1,'q','/prompts.csv',0);
CREATE TABLE sessions (
	name TEXT NOT NULL, 
	state TEXT NOT NULL, 
	cause TEXT, 
	message TEXT DEFAULT '' NOT NULL, 
	next_ready_at DOUBLE NOT NULL, 
	job_id INTEGER, 
	since DOUBLE NOT NULL, 
	made INTEGER DEFAULT '0' NOT NULL, 
	throttles INTEGER DEFAULT '0' NOT NULL, 
	transients INTEGER DEFAULT '0' NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "sessions" VALUES('alice','stopped',NULL,'',0.0,NULL,0.0,7,0,0);
CREATE INDEX jobs_claimable ON jobs (queue_id, lane, priority DESC, id) WHERE state = 'pending';
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'in_progress';
CREATE INDEX jobs_listed ON jobs (queue_id, state, id);
CREATE INDEX jobs_delayed ON jobs (not_before) WHERE state = 'delayed';
CREATE INDEX jobs_pinned ON jobs (pinned_until) WHERE pinned_until IS NOT NULL;
CREATE UNIQUE INDEX attempts_open ON attempts (job_id) WHERE cause IS NULL;
CREATE INDEX attempts_ended ON attempts (session, cause, conversation);
CREATE INDEX events_of_job ON events (job_id);
CREATE INDEX images_by_content ON images (sha256);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('queues',1);
INSERT INTO "sqlite_sequence" VALUES('jobs',2);
COMMIT;
