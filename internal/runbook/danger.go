package runbook

import (
	"slices"
	"strings"
)

// dangerous returns what makes a command destroy or interrupt something, or "".
func dangerous(words []string) string {
	name, args := base(words[0]), words[1:]
	if strings.HasPrefix(name, "mkfs") {
		return name + " makes a new, empty file system"
	}
	switch name {
	case "dd", "wipefs", "blkdiscard", "shred", "fdisk", "sfdisk", "sgdisk", "parted", "mkswap", "lvremove", "vgremove", "pvremove", "luksFormat":
		return name + " overwrites a disk or a file"
	case "shutdown", "reboot", "halt", "poweroff", "telinit":
		return name + " stops the machine"
	case "dropdb", "dropuser", "userdel", "deluser", "srm", "unlink":
		return name + " deletes"
	case "FLUSHALL", "flushall", "FLUSHDB", "flushdb":
		return name + " deletes every key"
	case "rm", "chmod", "chown", "chgrp":
		if recursive(args) {
			return name + " -r works on a whole tree"
		}
	case "find":
		if slices.Contains(args, "-delete") {
			return "find -delete deletes what it finds"
		}
	case "truncate":
		return "truncate cuts a file"
	case "kill", "pkill", "killall", "killall5":
		return killing(name, args)
	case "init":
		return verb(name, args, "0", "1", "6")
	case "crontab":
		return verb(name, args, "-r")
	case "iptables", "ip6tables":
		return verb(name, args, "-F", "--flush", "-X")
	case "nft":
		return verb(name, args, "flush", "delete")
	}
	return dangerousTool(name, args)
}

// dangerousTool knows the verbs of tools that work on whole systems.
func dangerousTool(name string, args []string) string {
	switch name {
	case "systemctl":
		return verb(name, args, "poweroff", "reboot", "halt", "kexec", "rescue", "emergency", "isolate", "mask")
	case "kubectl", "oc", "k":
		if i := slices.IndexFunc(args, zeroReplicas); i >= 0 {
			return name + " scales to zero"
		}
		return verb(name, args, "delete", "drain", "--force")
	case "helm":
		return verb(name, args, "uninstall", "delete", "del", "un")
	case "terraform", "tofu", "terragrunt", "pulumi", "cdk", "vagrant":
		return verb(name, args, "destroy", "-destroy", "--destroy", "-auto-approve", "--auto-approve", "taint")
	case "git":
		return gitDanger(args)
	case "docker", "podman", "nerdctl", "docker-compose":
		return verb(name, args, "prune", "rm", "rmi", "kill", "-v")
	case "zfs", "zpool":
		return verb(name, args, "destroy", "rollback", "labelclear")
	case "btrfs", "etcdctl", "consul", "vault", "gcloud", "az", "doctl", "gh", "flyctl", "fly", "nomad", "argocd", "aws", "gsutil", "heroku":
		return cloudDanger(name, args)
	case "rabbitmqctl", "rabbitmqadmin":
		return verb(name, args, "reset", "force_reset", "purge_queue", "delete_queue", "delete", "purge", "stop", "stop_app")
	case "kafka-topics", "kafka-topics.sh", "kafka-consumer-groups", "kafka-consumer-groups.sh", "kafka-delete-records.sh":
		return verb(name, args, "--delete", "--reset-offsets", "--delete-offsets")
	case "mysqladmin":
		return verb(name, args, "drop", "shutdown", "flush-hosts")
	case "cryptsetup":
		return verb(name, args, "luksFormat", "erase", "luksErase")
	case "curl", "wget", "http", "xh":
		return verb(name, args, "DELETE", "-XDELETE", "--request=DELETE", "--method=DELETE")
	}
	return ""
}

// cloudDanger knows that cloud tools name what they do in a word or a prefix:
// "aws ec2 terminate-instances", "gcloud sql instances delete".
func cloudDanger(name string, args []string) string {
	for _, a := range args {
		if a == "rb" || a == "rm" || a == "del" || a == "stop" || a == "destroy" || a == "delete" || a == "purge" {
			return name + " " + a + " deletes or stops"
		}
		for _, p := range []string{"delete-", "terminate-", "deregister-", "purge-", "stop-", "reboot-", "destroy-", "apps:destroy", "pg:reset"} {
			if strings.HasPrefix(a, p) {
				return name + " " + a + " deletes or stops"
			}
		}
	}
	return ""
}

func gitDanger(args []string) string {
	switch {
	case slices.Contains(args, "push"):
		for _, a := range args {
			if strings.HasPrefix(a, "--force") || a == "--delete" || a == "--mirror" || shortFlag(a, 'f') ||
				shortFlag(a, 'd') || strings.HasPrefix(a, "+") || strings.HasPrefix(a, ":") {
				return "git push " + a + " rewrites or deletes what others have"
			}
		}
	case slices.Contains(args, "reset"):
		return verb("git reset", args, "--hard")
	case slices.Contains(args, "clean"):
		return "git clean deletes files"
	}
	return ""
}

// killing finds signals that leave a process no time, and that go to everybody.
func killing(name string, args []string) string {
	for i, a := range args {
		switch a {
		case "-9", "-KILL", "-SIGKILL", "-kill", "-1":
			return name + " " + a + " leaves the process no time to finish"
		case "-s", "--signal":
			if i+1 < len(args) && strings.HasSuffix(args[i+1], "KILL") {
				return name + " " + a + " KILL leaves the process no time to finish"
			}
		}
	}
	return ""
}

// query finds SQL and document-store statements that delete.
func query(word string) string {
	s := " " + strings.Join(strings.Fields(strings.ToLower(word)), " ") + " "
	for _, what := range []string{"table", "database", "schema", "index", "view", "user", "role", "column", "keyspace", "constraint", "collection"} {
		if strings.Contains(s, "drop "+what+" ") {
			return "drop " + what + " deletes for good"
		}
	}
	for _, phrase := range []string{"truncate table ", " delete from ", ";delete from ", "dropdatabase(", ".deletemany(", ".drop()", "flushall", "flushdb", "pg_terminate_backend"} {
		if strings.Contains(s, phrase) {
			return strings.Trim(phrase, " ;(") + " deletes or interrupts"
		}
	}
	if strings.Contains(s, " update ") && strings.Contains(s, " set ") && !strings.Contains(s, " where ") && strings.Contains(s, "=") {
		return "update without where changes every row"
	}
	return ""
}

// recursive reports whether options ask for a whole tree.
func recursive(args []string) bool {
	return slices.ContainsFunc(args, func(a string) bool {
		return a == "--recursive" || shortFlag(a, 'r') || shortFlag(a, 'R')
	})
}

// shortFlag reports whether a is a group of short options that holds c.
func shortFlag(a string, c byte) bool {
	return len(a) > 1 && a[0] == '-' && a[1] != '-' && strings.IndexByte(a, c) > 0
}

func zeroReplicas(a string) bool { return a == "--replicas=0" }

// verb returns a sentence when one of the words is among args.
func verb(name string, args []string, words ...string) string {
	for _, a := range args {
		if slices.Contains(words, a) {
			return name + " " + a + " deletes, stops or cannot be taken back"
		}
	}
	return ""
}

// changing returns what makes a command change something, or "". It only
// matters for a step that its author declared to observe.
func changing(words []string) string {
	name, args := base(words[0]), words[1:]
	var verbs []string
	switch name {
	case "rm", "mv", "cp", "ln", "install", "rsync", "scp", "tee", "chmod", "chown", "mount", "umount", "kill", "pkill", "killall", "passwd", "useradd", "usermod", "sysctl", "swapoff", "patch", "eval":
		return name + " changes something"
	case "systemctl", "service":
		verbs = []string{"restart", "reload", "start", "stop", "enable", "disable", "try-restart", "daemon-reload", "unmask", "kill", "set-property"}
	case "kubectl", "oc", "k":
		verbs = []string{"apply", "create", "scale", "patch", "edit", "replace", "set", "label", "annotate", "cordon", "uncordon", "taint", "restart", "undo", "pause", "resume", "autoscale", "expose", "run"}
	case "helm":
		verbs = []string{"install", "upgrade", "rollback"}
	case "terraform", "tofu", "terragrunt", "pulumi":
		verbs = []string{"apply", "import", "up", "untaint"}
	case "git":
		verbs = []string{"push", "commit", "merge", "rebase", "checkout", "switch", "revert", "reset", "pull"}
	case "docker", "podman", "docker-compose":
		verbs = []string{"restart", "stop", "start", "run", "up", "down", "update", "pause"}
	case "apt", "apt-get", "yum", "dnf", "apk", "brew", "pip", "npm":
		verbs = []string{"install", "remove", "upgrade", "purge", "update"}
	case "sed", "perl":
		verbs = []string{"-i", "-i.bak", "--in-place", "-pi"}
	case "argocd", "flux", "nomad", "heroku", "flyctl", "fly":
		verbs = []string{"sync", "rollback", "set", "reconcile", "suspend", "resume", "restart", "deploy", "run"}
	case "curl", "http", "xh":
		verbs = []string{"POST", "PUT", "PATCH", "-XPOST", "-XPUT", "-XPATCH", "-d", "--data", "--data-binary", "--json", "-T", "-F"}
	}
	for _, a := range args {
		if slices.Contains(verbs, a) {
			return name + " " + a + " changes something"
		}
	}
	return ""
}
