namespace Nanodet.Detection.Detectors;

/// <summary>How long the stages of one image took, in milliseconds.</summary>
/// <param name="DecodeMs">Encoded bytes to pixels.</param>
/// <param name="PreprocessMs">Pixels to tensor: warp and normalisation.</param>
/// <param name="InferenceMs">The image's share of its batch's run: the run's duration divided by the batch size.</param>
/// <param name="PostprocessMs">Output to detections.</param>
public readonly record struct StageTimings(double DecodeMs, double PreprocessMs, double InferenceMs, double PostprocessMs);
