namespace Nanodet.Detection.Annotation;

/// <summary>A colour, 0 to 255 each.</summary>
internal readonly record struct Color(byte Blue, byte Green, byte Red);
