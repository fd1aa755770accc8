namespace Nanodet.Detection.Detectors;

/// <summary>How long the stages of one image took, in milliseconds.</summary>
/// <param name="DecodeMs">Encoded bytes to pixels, or the copy of pixels.</param>
/// <param name="PreprocessMs">Pixels to tensor: warp and normalisation.</param>
/// <param name="InferenceMs">The image's share of its run: the run's duration divided by its images.</param>
/// <param name="PostprocessMs">Output to detections.</param>
public readonly record struct StageTimings(double DecodeMs, double PreprocessMs, double InferenceMs, double PostprocessMs);
