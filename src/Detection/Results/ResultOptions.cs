using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;

namespace Nanodet.Detection.Results;

/// <summary>The options that decide what a result holds.</summary>
/// <param name="ScoreThreshold">0 to 1; scores are greater.</param>
/// <param name="IouThreshold">Of NMS, 0 to 1.</param>
/// <param name="MaxDetections">The most detections of an image, 1 to 1000.</param>
/// <param name="FastDecode">Whether large JPEGs were reduced while they were decoded; not written where they were not.</param>
/// <param name="Tf32">Whether float32 was computed in TF32, on CUDA; not written where it was not.</param>
public sealed record ResultOptions(
    float ScoreThreshold,
    float IouThreshold,
    int MaxDetections,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool FastDecode = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Tf32 = false)
{
    /// <summary>Takes what decides about a result from a detector's options.</summary>
    /// <param name="options">The detector's options.</param>
    public static ResultOptions From(DetectorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new ResultOptions(options.ScoreThreshold, options.IouThreshold, options.MaxDetections, options.FastDecode);
    }

    /// <summary>Takes what decides about a result from a detector's options, and from how its model computes.</summary>
    /// <param name="options">The detector's options.</param>
    /// <param name="model">The model.</param>
    public static ResultOptions From(DetectorOptions options, NanodetModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return From(options) with { Tf32 = model.UsesTf32 };
    }

    /// <summary>
    /// Part of a result's identity: SHA-256, as 64 lower-case hex digits, of
    /// <c>v1;scoreThreshold=S;iouThreshold=I;maxDetections=M</c>, numbers in their shortest invariant form, and <c>;fastDecode=true</c>
    /// and <c>;tf32=true</c> behind it where that is so. The precision is not in it: the model's SHA-256 says it.
    /// </summary>
    internal string ComputeHash()
    {
        var canonical = string.Create(
            CultureInfo.InvariantCulture,
            $"v1;scoreThreshold={ScoreThreshold:R};iouThreshold={IouThreshold:R};"
            + $"maxDetections={MaxDetections}{(FastDecode ? ";fastDecode=true" : "")}{(Tf32 ? ";tf32=true" : "")}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)));
    }
}
