using Nanodet.Detection.Detectors;

namespace Nanodet.Detection.Batching;

/// <summary>What images have to have in common to share a run.</summary>
/// <param name="Detector">Model and options.</param>
/// <param name="Width">Columns of the tensor; 0 where every image has the same.</param>
/// <param name="Height">Rows of the tensor; 0 where every image has the same.</param>
internal readonly record struct DetectionKey(Detector Detector, int Width, int Height);
