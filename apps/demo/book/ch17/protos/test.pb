
†

test.protocs"t
test
name (	Rname
age (Rage
email (	Remail
online (Ronline
account (Raccount