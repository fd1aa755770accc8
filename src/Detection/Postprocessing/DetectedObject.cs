namespace Nanodet.Detection.Postprocessing;

/// <summary>One detected object.</summary>
/// <param name="ClassId">Label of the class, from 0.</param>
/// <param name="ClassName">Name of the class.</param>
/// <param name="Score">0..1.</param>
/// <param name="Box">Where it is, in pixels of the source image.</param>
public readonly record struct DetectedObject(int ClassId, string ClassName, float Score, BoundingBox Box);
