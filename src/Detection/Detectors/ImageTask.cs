using Nanodet.Detection.Images;
using Nanodet.Detection.Preprocessing;

namespace Nanodet.Detection.Detectors;

/// <summary>One image on its way through a call of <see cref="Detector"/>.</summary>
internal sealed class ImageTask(int index, ReadOnlyMemory<byte> encoded, ImageHeader header) : IDisposable
{
    /// <summary>The image's place in the caller's list.</summary>
    internal int Index { get; } = index;

    internal ReadOnlyMemory<byte> Encoded { get; } = encoded;

    internal ImageHeader Header { get; } = header;

    internal DecodedImage? Pixels { get; set; }

    internal InputGeometry Geometry { get; set; }

    internal ShapeRun? Run { get; set; }

    /// <summary>The image's place in <see cref="Run"/>.</summary>
    internal int Slot { get; set; }

    internal double DecodeMs { get; set; }

    internal double PreprocessMs { get; set; }

    internal ImageException? Failure { get; set; }

    /// <summary>Frees the pixels.</summary>
    public void Dispose()
    {
        Pixels?.Dispose();
        Pixels = null;
    }
}
