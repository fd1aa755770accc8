namespace Nanodet.Detection.Postprocessing;

/// <summary>One detected object.</summary>
/// <param name="ClassId">Index of the class in the model's class names, from 0.</param>
/// <param name="ClassName">Name of the class.</param>
/// <param name="Score">How sure the model is, 0 to 1.</param>
/// <param name="Box">Where it is, in pixels of the source image.</param>
public readonly record struct DetectedObject(int ClassId, string ClassName, float Score, BoundingBox Box);
