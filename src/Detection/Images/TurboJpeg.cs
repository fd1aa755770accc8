using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Nanodet.Detection.Natives;

namespace Nanodet.Detection.Images;

/// <summary>
/// libjpeg-turbo's TurboJPEG library (version 2 or later), called directly where the machine has it: the fastest way from a JPEG to
/// pixels, and into any memory. It is optional; <see cref="VipsDecoder"/> gives the same pixels.
/// </summary>
internal sealed unsafe class TurboJpeg
{
    // turbojpeg.h: TJPF_BGR, TJPF_CMYK, TJFLAG_ACCURATEDCT, TJERR_WARNING.
    private const int FormatBgr = 1;
    private const int FormatCmyk = 11;
    private const int AccurateDct = 4096;
    private const int Warning = 0;

    private static readonly Lazy<TurboJpeg?> Loaded = new(Load);

    private readonly ConcurrentBag<nint> _decompressors = [];
    private readonly delegate* unmanaged[Cdecl]<nint> _initDecompress;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, CULong, byte*, int, int, int, int, int, int> _decompress;
    private readonly delegate* unmanaged[Cdecl]<nint, int> _errorCode;
    private readonly delegate* unmanaged[Cdecl]<nint, int> _destroy;

    private TurboJpeg(string path, nint library)
    {
        Path = path;
        _initDecompress = (delegate* unmanaged[Cdecl]<nint>)NativeLibrary.GetExport(library, "tjInitDecompress");
        _decompress = (delegate* unmanaged[Cdecl]<nint, byte*, CULong, byte*, int, int, int, int, int, int>)
            NativeLibrary.GetExport(library, "tjDecompress2");
        _errorCode = (delegate* unmanaged[Cdecl]<nint, int>)NativeLibrary.GetExport(library, LibTurboJpeg.VersionMark);
        _destroy = (delegate* unmanaged[Cdecl]<nint, int>)NativeLibrary.GetExport(library, "tjDestroy");
    }

    /// <summary>The machine's library; null where it has none that can be used.</summary>
    internal static TurboJpeg? Instance => Loaded.Value;

    /// <summary>What the library was found as.</summary>
    internal string Path { get; }

    /// <summary>Decodes into memory: <paramref name="width"/> by <paramref name="height"/> pixels in rows without a gap.</summary>
    /// <param name="encoded">The bytes of a JPEG.</param>
    /// <param name="width">Columns: all of the image's, or a half, a quarter or an eighth of them, rounded up.</param>
    /// <param name="height">Rows, in the same way.</param>
    /// <param name="cmyk">True: 4 bytes a pixel, as stored; false: 3 bytes, blue, green, red.</param>
    /// <param name="destination">Each byte of it is written.</param>
    /// <param name="mustBeWhole">True: a file of which anything is missing or damaged is refused, too.</param>
    /// <returns>False where the library refuses the file, as it does for what its version does not know.</returns>
    internal bool TryDecode(ReadOnlySpan<byte> encoded, int width, int height, bool cmyk, byte* destination, bool mustBeWhole)
    {
        if (!_decompressors.TryTake(out var decompressor))
        {
            decompressor = _initDecompress();
            if (decompressor == 0)
            {
                throw EnvironmentFault.From(new InsufficientMemoryException("libjpeg-turbo could not allocate a decompressor."))!;
            }
        }

        var usable = false;
        try
        {
            fixed (byte* data = encoded)
            {
                var (format, bytes) = cmyk ? (FormatCmyk, 4) : (FormatBgr, 3);
                var result = _decompress(
                    decompressor, data, new CULong((uint)encoded.Length), destination, width, bytes * width, height, format, AccurateDct);

                // What is damaged in a way that libjpeg goes on after is a warning: OpenCV shows such an image, too.
                usable = result == 0 || (!mustBeWhole && _errorCode(decompressor) == Warning);
                return usable;
            }
        }
        finally
        {
            if (usable)
            {
                _decompressors.Add(decompressor);
            }
            else
            {
                _ = _destroy(decompressor);
            }
        }
    }

    private static TurboJpeg? Load()
    {
        foreach (var name in LibTurboJpeg.Names)
        {
            if (!NativeLibrary.TryLoad(name, typeof(TurboJpeg).Assembly, null, out var library))
            {
                continue;
            }

            try
            {
                return new TurboJpeg(name, library);
            }
            catch (EntryPointNotFoundException)
            {
                // Version 1 has no error codes: the bundled decoder serves.
                NativeLibrary.Free(library);
            }
        }

        return null;
    }
}
