"""Records what the original makes of messages.txt, into outcomes.json.

    PATH=$PATH:/usr/sbin /usr/bin/python3 record.py PATH_OF_THE_ORIGINAL

It wants paho-mqtt 1 and mosquitto, and runs the original, its dummy and a broker on 127.0.0.1. When a message
has ended it, it is started again for the next.
"""
import ast
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LAUNCHER = """
import sys
sys.path.insert(0, sys.argv.pop())
from mqttgateway.app_config import AppConfig
from mqttgateway.start_gateway import startgateway
from mqttgateway.dummy_interface import dummyInterface
AppConfig.init(app_name='dummy2mqtt')
startgateway(dummyInterface)
"""


def messages():
    for line in open(os.path.join(HERE, 'messages.txt')):
        if line.strip() and not line.startswith('#'):
            name, topic, payload = re.split(r' {2,}', line.rstrip('\n'), maxsplit=2)
            yield name, topic, {'\\xff': b'\xff', '\\x': b''}.get(payload.strip(), payload.encode())


def received(line):
    """The dummy's own line about a message, as the gateway puts it."""
    m = re.search(r'type=(.*) - function=(.*) - gateway=(.*) - location=(.*) - device=(.*) - sender=(.*)'
                  r' - action=(.*) - arguments=(.*)$', line)
    text = '%s %s/%s/%s/%s from %s: %s' % m.groups()[:7]
    arguments = ast.literal_eval(m.group(8))
    return text + (' ' + json.dumps(arguments, separators=(',', ':')) if arguments else '')


class Trial:
    def __init__(self, original):
        self.original, self.dir, self.process = original, tempfile.mkdtemp(), None
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            self.port = str(s.getsockname()[1])
        home = os.path.join(self.dir, '.mqttgtw')
        os.mkdir(home)
        shutil.copy(os.path.join(HERE, 'dummy_map.json'), home)
        config = open(os.path.join(HERE, 'dummy2mqtt.cfg')).read().replace('PORT', self.port)
        open(os.path.join(home, 'dummy2mqtt.cfg'), 'w').write(config)
        broker = os.path.join(self.dir, 'broker.conf')
        open(broker, 'w').write('listener %s 127.0.0.1\nallow_anonymous true\nuser root\nlog_type all\nlog_dest file %s\n'
                                % (self.port, self.path('broker.log')))
        self.broker = subprocess.Popen(['mosquitto', '-c', broker], stderr=subprocess.DEVNULL)
        self.wait('broker.log', ' running')

    def path(self, name):
        return os.path.join(self.dir, name)

    def text(self, name):
        return open(self.path(name)).read() if os.path.exists(self.path(name)) else ''

    def wait(self, name, text, after=0):
        for _ in range(500):
            if text in self.text(name)[after:]:
                return
            time.sleep(0.02)
        raise RuntimeError('%s never says %r' % (name, text))

    def start(self):
        after = len(self.text('broker.log'))
        out, err = open(self.path('out'), 'w'), open(self.path('err'), 'w')
        self.process = subprocess.Popen([sys.executable, '-u', '-c', LAUNCHER, self.original], stdout=out, stderr=err,
                                        env=dict(os.environ, HOME=self.dir))
        self.wait('broker.log', 'Sending SUBACK to dummy2mqtt', after)

    def publish(self, topic, payload, *options):
        how = ['-s'] if payload else ['-n']
        subprocess.run(['mosquitto_pub', '-p', self.port, '-t', topic, *how, *options], input=payload, check=True)

    def say(self, topic, payload):
        """What the interface receives of a message, or that it ended the program."""
        if self.process.poll() is not None:
            self.start()
        after, seen = len(self.text('broker.log')), len(self.text('out'))
        self.publish(topic, payload)
        self.publish('testmqttgtw/dummyfunction//mark//me/C', b'mute_on')
        for _ in range(500):
            if self.process.poll() is not None:
                return {'ends the program': self.text('err').strip().split('\n')[-1]}
            lines = [l for l in self.text('out')[seen:].split('\n') if 'Internal message received' in l]
            if any('location=mark' in l for l in lines):
                return {'received': [received(l) for l in lines if 'location=mark' not in l]}
            time.sleep(0.02)
        raise RuntimeError('no mark after ' + topic)


def main():
    t = Trial(sys.argv[1])
    outcomes = {}
    try:
        listed = list(messages())
        t.publish(listed[0][1], listed[0][2], '-r')
        t.start()
        t.wait('out', 'Internal message received')
        outcomes[listed[0][0]] = {'received': [received(l) for l in t.text('out').split('\n') if 'Internal message received' in l]}
        log = t.text('broker.log')
        outcomes['connects'] = {
            'as': re.findall(r'New client connected from \S+ as (dummy2mqtt \(.*\))\.', log),
            'subscribes to': re.findall(r': dummy2mqtt \d (\S+)', log),
            'will': re.findall(r'as dummy2mqtt.*\n\d+: (.*)', log),
        }
        t.wait('broker.log', 'Received PUBLISH from dummy2mqtt')  # what the dummy says unasked, after 5 s
        for name, topic, payload in listed[1:]:
            outcomes[name] = t.say(topic, payload)
        if t.process.poll() is not None:
            t.start()
        after = len(t.text('broker.log'))
        t.process.terminate()
        t.wait('broker.log', ': Client dummy2mqtt ', after)
        log = t.text('broker.log')
        outcomes['ends'] = re.findall(r': (Client dummy2mqtt .*)', log[after:])
        published = re.findall(r"Received PUBLISH from dummy2mqtt \(d0, (q\d, r\d), m\d+, '([^']*)'", log)
        outcomes['publishes'] = sorted(set('%s %s' % (topic, how) for how, topic in published))
    finally:
        t.broker.terminate()
        t.process.kill()
        shutil.rmtree(t.dir)
    json.dump(outcomes, open(os.path.join(HERE, 'outcomes.json'), 'w'), indent=2)
    open(os.path.join(HERE, 'outcomes.json'), 'a').write('\n')


main()
