namespace Nanodet.Serverless.Conversion;

/// <summary>The stable codes of <see cref="ConversionException"/>.</summary>
public static class ConversionErrorCodes
{
    /// <summary>The config's section <c>conversion</c> has no meaning.</summary>
    public const string InvalidConfig = "invalid_config";

    /// <summary>A model of 8 bits takes the ranges of its values from photos, and none were given.</summary>
    public const string CalibrationMissing = "calibration_missing";

    /// <summary>None of the photos can be used.</summary>
    public const string NoImages = "no_images";
}
