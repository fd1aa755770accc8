using Nanodet.Detection.Images;
using Nanodet.Detection.Preprocessing;

namespace Nanodet.Detection.Detectors;

/// <summary>One image on its way through a call of <see cref="Detector"/>.</summary>
/// <param name="index">The image's place in the caller's list.</param>
/// <param name="encoded">Its own bytes, unpacked; not used for one that is decoded at once.</param>
/// <param name="header">What they say.</param>
/// <param name="wasPacked">Whether they came packed with gzip.</param>
internal sealed class ImageTask(int index, ReadOnlyMemory<byte> encoded, ImageHeader header, bool wasPacked) : IDisposable
{
    private static readonly DetectionNote WithoutEnd = new(
        ImageNoteCodes.EndMarkerMissing, "JPEG: the end-of-image marker (FF D9) is missing; every pixel is there.");

    private static readonly DetectionNote Unpacked = new(
        ImageNoteCodes.GzipUnpacked, "The image was packed with gzip, and was unpacked.");

    /// <summary>The image's place in the caller's list.</summary>
    internal int Index { get; } = index;

    /// <summary>The image's own bytes; none any more once its tensor is written.</summary>
    internal ReadOnlyMemory<byte> Encoded { get; private set; } = encoded;

    internal ImageHeader Header { get; } = header;

    /// <summary>What is to be said about the image, once it is detected; null for nothing.</summary>
    internal IReadOnlyList<DetectionNote>? Notes => (Header.LacksEnd, WasPacked) switch
    {
        (true, true) => [Unpacked, WithoutEnd],
        (true, false) => [WithoutEnd],
        (false, true) => [Unpacked],
        _ => null,
    };

    internal bool WasPacked { get; } = wasPacked;

    /// <summary>What the regions of a filter know the image by; null where nobody said.</summary>
    internal string? Name { get; init; }

    /// <summary>Where this is one tile of an image: which one; null for an image as a whole.</summary>
    internal SlicePart? Part { get; init; }

    internal DecodedImage? Pixels { get; set; }

    /// <summary>The image's part of the memory for decoding, where it has one of its own.</summary>
    internal DecodingShare? Share { get; set; }

    internal InputGeometry Geometry { get; set; }

    internal ShapeRun? Run { get; set; }

    /// <summary>The image's place in <see cref="Run"/>.</summary>
    internal int Slot { get; set; }

    internal double DecodeMs { get; set; }

    internal double PreprocessMs { get; set; }

    internal ImageException? Failure { get; set; }

    /// <summary>Frees the pixels, and lets the encoded bytes go.</summary>
    public void Dispose()
    {
        Pixels?.Dispose();
        Pixels = null;
        Encoded = default;
        Share?.Dispose();
        Share = null;
    }
}
