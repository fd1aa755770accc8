namespace Nanodet.Detection.Description;

/// <summary>The order of an input tensor's planes.</summary>
public enum ColorOrder
{
    /// <summary>Blue, green, red: what NanoDet is trained on.</summary>
    Bgr,

    /// <summary>Red, green, blue.</summary>
    Rgb,
}
