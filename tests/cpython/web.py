"""What CPython's test_asyncio imports and where it is missing is not what is tested: of http.server and wsgiref a server,
which answers each connection's one request by a WSGI application; and a class of loops of another system.
"""

import socketserver
import sys
import types


class HTTPServer(socketserver.TCPServer):
    allow_reuse_address = True

    def server_bind(self):
        super().server_bind()
        self.server_name, self.server_port = self.server_address[:2]


class WSGIServer(HTTPServer):
    def server_bind(self):
        super().server_bind()
        self.setup_environ()

    def setup_environ(self):
        self.base_environ = {"SERVER_NAME": self.server_name, "SERVER_PORT": str(self.server_port)}

    def set_app(self, application):
        self.application = application


class WSGIRequestHandler(socketserver.StreamRequestHandler):
    def handle(self):
        method, path, _ = self.rfile.readline().decode("latin-1").split(None, 2)
        environ = {**self.server.base_environ, "REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.input": self.rfile}
        while line := self.rfile.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            environ[name.upper().replace("-", "_")] = value.strip()
        head = []

        def start_response(status, headers):
            head.append(f"HTTP/1.0 {status}\r\n")
            head.extend(f"{name}: {value}\r\n" for name, value in headers)

        parts = self.server.application(environ, start_response)
        for part in parts:
            if head:
                self.wfile.write(("".join(head) + "\r\n").encode("latin-1"))
                head.clear()
            self.wfile.write(part)


def provide():
    """Makes the modules of the library that are missing."""
    try:
        import wsgiref.simple_server
    except ImportError:
        for name in ("wsgiref", "wsgiref.simple_server"):
            module = sys.modules[name] = types.ModuleType(name)
            vars(module).update(WSGIServer=WSGIServer, WSGIRequestHandler=WSGIRequestHandler)
    try:
        from asyncio import proactor_events
    except ImportError:
        import asyncio

        module = types.ModuleType("asyncio.proactor_events")
        module.BaseProactorEventLoop = type("BaseProactorEventLoop", (), {})
        sys.modules[module.__name__] = asyncio.proactor_events = module
