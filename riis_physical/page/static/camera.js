// The camera: started, its light and zoom where it has them.

/** @typedef {{min: number, max: number, step?: number}} Range */

export class Camera {
  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.video = video;
    /** @type {MediaStreamTrack | null} */
    this.track = null;
  }

  /** Ask for the camera. Throws an Error that says what to do. */
  async start() {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error(
        window.isSecureContext
          ? "This browser gives no camera. Read a photo instead."
          : "Browsers give the camera to secure pages only: open this page with https. Or read a photo.",
      );
    }
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } },
      });
      this.video.srcObject = stream;
      await this.video.play();
      this.track = stream.getVideoTracks()[0] ?? null;
    } catch (error) {
      const name = error instanceof Error ? error.name : "";
      const why =
        name === "NotAllowedError"
          ? "The camera is not allowed here: allow it in the browser's settings, or read a photo."
          : name === "NotFoundError"
            ? "There is no camera here: read a photo."
            : "The camera does not start: close what uses it, or read a photo.";
      throw new Error(why, { cause: error });
    }
  }

  get isOn() {
    return Boolean(this.track && this.track.readyState === "live" && this.video.videoWidth);
  }

  /** What the camera can do. @returns {{torch: boolean, zoom: Range | null}} */
  get abilities() {
    /** @type {any} */
    const able = this.track?.getCapabilities?.() ?? {};
    return { torch: Boolean(able.torch), zoom: able.zoom?.max > able.zoom?.min ? able.zoom : null };
  }

  /** @param {Record<string, unknown>} wish torch or zoom */
  async set(wish) {
    await this.track?.applyConstraints(/** @type {any} */ ({ advanced: [wish] }));
  }
}
