"""Where the faces are: one small protocol and two detectors behind it."""

from agegender.detect.detection import Detection, Detector
from agegender.detect.mtcnn import MtcnnDetector
from agegender.detect.whole_photo import WholePhoto

__all__ = ["Detection", "Detector", "MtcnnDetector", "WholePhoto"]
