"""A page that reads from a camera, without a server: `site` writes its folder.

In come a released model and the runtime from its npm package; out comes a folder of static
files that any web server offers. `models` writes what the modules in `static` read with,
`runtime` fetches and verifies onnxruntime-web, `serving` offers a folder for trying it out.
"""
