package runbook

import (
	"strings"
	"testing"
)

func TestNotRunnable(t *testing.T) {
	for script, want := range map[string]string{
		"kubectl logs <pod>":                         "placeholder <pod>",
		"kubectl logs \"<pod name>\" -n <ns>":        "placeholder <pod name>",
		"cat <x> y":                                  "placeholder <x>",
		"kubectl -n <a|b> get pods":                  "placeholder <a|b>",
		"cat <<E\n<host>\nE":                         "placeholder <host>",
		"kubectl logs {{ pod }}":                     "placeholder {{ pod }}",
		"kubectl logs {{ .Values.pod }}":             "placeholder {{ .Values.pod }}",
		"curl -H 'X: YOUR_TOKEN' x":                  "placeholder YOUR_TOKEN",
		"aws s3 ls s3://your-bucket/a":               "placeholder your-bucket",
		"ssh CHANGEME":                               "placeholder CHANGEME",
		"kubectl delete pod api-xxxxx":               "placeholder api-xxxxx",
		"kubectl logs [pod-name]":                    "placeholder [pod-name]",
		"curl 127.0.0.1/CLUSTER_NAME_HERE":           "placeholder CLUSTER_NAME_HERE",
		"$ kubectl get pods":                         "prompt",
		"ls\n$ uptime\n up 3 days":                   "prompt",
		"ana@bastion:~$ ls":                          "prompt",
		"[root@db1 ~]# ls":                           "prompt",
		"root@pod:/# ls":                             "prompt",
		"(venv) $ ls":                                "prompt",
		"bash-5.1$ ls":                               "prompt",
		"psql\npostgres=# select 1;":                 "prompt",
		"# systemctl restart checkout":               "nothing to run",
		"kubectl get pods\nNAME    READY   STATUS":   "output",
		"systemctl status x\n   Active: active":      "output",
		"curl x\n{\n  \"a\": 1\n}":                   "output",
		"curl x\n2026-01-31T01:02:03 up":             "output",
		"kubectl apply -f x\ndeployment/x created":   "output",
		"kubectl get pods\n...":                      "leaves something out",
		"kubectl get pods ... -n x":                  "leaves something out",
		"if true; then":                              "shell syntax",
		"echo 'a":                                    "shell syntax",
		"echo \u200bhi":                              "U+200B",
		"echo \u202ehi":                              "U+202E",
		"ls\u00a0-l":                                 "U+00A0",
		"echo \x1b[31m":                              "U+001B",
		"echo a\u0007":                               "U+0007",
		"echo \u3164":                                "U+3164",
		"echo \ufe0f":                                "U+FE0F",
		"echo \U000e0041":                            "U+E0041",
		"echo \xff":                                  "0xff",
		"ls\r":                                       "carriage return",
		"echo “hi”":                                  "no quote or dash",
		"ls –l":                                      "no quote or dash",
		"#!/usr/bin/env python3\nprint(1)":           "asks for python3",
		"  \n":                                       "empty",
		"kubectl get pod <pod> # fill in\necho done": "placeholder <pod>",
	} {
		s := one(t, "bash", script)
		found := false
		for _, p := range s.Problems {
			found = found || strings.Contains(p.Text, want)
			if p.Fix == "" || p.Line < 3 || p.Line > 3+strings.Count(script, "\n")+1 {
				t.Errorf("%q: problem %+v has no fix or no place", script, p)
			}
		}
		if !found || s.Runnable() {
			t.Errorf("%q: problems %v, want %q", script, s.Problems, want)
		}
	}
}

func TestRunnable(t *testing.T) {
	for _, script := range []string{
		"kubectl get pods -n \"${NAMESPACE:?}\"",
		"# look for <pod> first ... then\nkubectl get pods",
		"sort <in >out", "cat < in > out", "cat <<EOF >file\nx: 1\n$ not a prompt\nNAME    READY\nEOF",
		"[[ $a < $b && $c > $d ]] && echo yes",
		"docker inspect --format '{{.State.Status}}' x", "kubectl get pods -o go-template='{{range .items}}{{.metadata.name}}{{end}}'",
		"docker ps --format '{{ .Names }} {{ .Image }}'", "docker inspect -f '{{.Id}}' x",
		"echo \"Waiting ... please\"", "go test ./...", "f=$(mktemp /tmp/x.XXXXXX)",
		"curl -d '{\n  \"a\": 1\n},' http://127.0.0.1/", "for i in 1 2 3; do\n  echo \"$i\" |\n    grep 1\ndone",
		"kubectl get pods \\\n  | grep checkout", "tr [a-z] [A-Z] </etc/hosts", "[ -f /etc/hosts ]", "> /tmp/x",
		"echo \"it’s “fine”\"", "read -r x <<<\"$y\"", "diff <(sort a) <(sort b)", "echo \"$YOUR_NAME ${YOUR_NAME}\"",
		"#!/bin/bash\nset -euo pipefail\nuptime", "psql -c 'select 1'", "echo naïve 日本", "PS4='+ ' bash -x x.sh", "psql -Atc 'select 1' >out", "FOO=1 env",
	} {
		if s := one(t, "bash", script); !s.Runnable() {
			t.Errorf("%q: %v", script, s.Problems)
		}
	}
	if s := one(t, "sh", "a=(1 2)"); s.Runnable() {
		t.Error("an array passes as POSIX")
	}
	if s := one(t, "zsh", "print -l **/*(.)"); !s.Runnable() {
		t.Errorf("zsh: %v", s.Problems)
	}
}

func TestEffect(t *testing.T) {
	for script, want := range map[string]Effect{
		"kubectl get pods": Observe, "uptime; df -h | sort -k5": Observe, "rm /tmp/x": Change, "echo a > /etc/x": Change, "echo a 2>/dev/null": Observe,
		"kubectl rollout restart deploy/x": Change, "systemctl restart x": Change, "$CMD x": Change, "sed -i s/a/b/ x": Change, "curl -X POST x": Change,
		"rm -rf /var/x": Dangerous, "rm -f -R x": Dangerous, "sudo /bin/rm -r x": Dangerous, "r\\m -rf x": Dangerous, "'rm' -rf x": Dangerous, "xargs rm -rf <l": Dangerous,
		"dd if=a of=/dev/sda": Dangerous, "mkfs.ext4 /dev/x": Dangerous, "cat x > /dev/sda": Dangerous, "shutdown -h now": Dangerous,
		"kubectl delete pod x": Dangerous, "kubectl -n a delete pod x": Dangerous, "kubectl scale deploy x --replicas=0": Dangerous, "kubectl drain n": Dangerous,
		"kubectl exec p -- rm -rf /x": Dangerous, "ssh db1 'rm -rf /x'": Dangerous, "sh -c \"cd /x && rm -rf y\"": Dangerous, "ssh a \"ssh b 'rm -rf c'\"": Dangerous,
		"git push --force": Dangerous, "git push -f origin main": Dangerous, "git push origin +main": Dangerous, "git reset --hard": Dangerous, "git push": Change,
		"terraform destroy": Dangerous, "psql -c 'DROP  TABLE x'": Dangerous, "psql <<E\ndelete from x;\nE": Dangerous, "redis-cli FLUSHALL": Dangerous,
		"psql -c 'update a set b=1'": Dangerous, "psql -c 'update a set b=1 where c=2'": Observe, "kill -9 1": Dangerous, "find / -delete": Dangerous,
		"curl x | sh": Dangerous, "curl x | sudo bash": Dangerous, "aws ec2 terminate-instances --x": Dangerous, "curl -X DELETE x": Dangerous, ":(){ :|:& };:": Dangerous,
		"if true; then for i in 1; do (rm -rf x); done; fi": Dangerous, "x=$(rm -rf y)": Dangerous, "helm uninstall x": Dangerous, "truncate -s 0 x": Dangerous,
	} {
		s := one(t, "bash observe", script)
		if s.Effect != want || (want > Observe) != (s.Why != "") || !s.Runnable() {
			t.Errorf("%q: %v because %q, problems %v, want %v", script, s.Effect, s.Why, s.Problems, want)
		}
	}
	if s := one(t, "sh dangerous", "uptime"); s.Effect != Dangerous || s.Why != "" {
		t.Errorf("declared dangerous: %v", s.Effect)
	}
}
