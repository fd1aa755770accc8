namespace Nanodet.Detection.Images;

/// <summary>
/// Recognises files that people take for images, or that hold one, and that are not accepted: so that a refusal has their name.
/// </summary>
internal static class UnacceptedFormat
{
    private const string Convert = "convert it to JPEG or PNG";

    /// <summary>Name and advice for the first bytes of a file; null where they are not known.</summary>
    /// <param name="data">A whole file, or its beginning.</param>
    internal static string? Describe(ReadOnlySpan<byte> data) => data switch
    {
        _ when Box(data) is { } name => name,
        _ when data.StartsWith<byte>([0xFF, 0x0A]) => $"a JPEG XL codestream; {Convert}",
        _ when data.StartsWith<byte>([0, 0, 0, 12, .. "JXL "u8]) => $"a JPEG XL file; {Convert}",
        _ when data.StartsWith<byte>([0, 0, 0, 12, .. "jP  "u8]) || data.StartsWith<byte>([0xFF, 0x4F, 0xFF, 0x51]) =>
            $"a JPEG 2000 file; {Convert}",
        _ when data.StartsWith<byte>([.. "II"u8, 0x2B, 0]) || data.StartsWith<byte>([.. "MM"u8, 0, 0x2B]) =>
            "a BigTIFF; write a classic TIFF, which holds up to 4 GiB, or convert it to JPEG or PNG",
        _ when data.StartsWith("%PDF"u8) => "a PDF document; render its pages to JPEG or PNG",
        _ when data.StartsWith("%!PS"u8) || data.StartsWith<byte>([0xC5, 0xD0, 0xD3, 0xC6]) =>
            "a PostScript document; render it to JPEG or PNG",
        _ when data.StartsWith<byte>([0x1F, 0x8B]) => "gzip-compressed data; unpack it (gunzip) and store the image itself",
        _ when data.StartsWith<byte>([0x28, 0xB5, 0x2F, 0xFD]) => "zstd-compressed data; unpack it and store the image itself",
        _ when data.StartsWith("PK\x03\x04"u8) => "a ZIP archive; unpack it and store each image by itself",
        _ when data.StartsWith<byte>([.. "7z"u8, 0xBC, 0xAF, 0x27, 0x1C]) || data.StartsWith("Rar!"u8) =>
            "an archive; unpack it and store each image by itself",
        _ when data.StartsWith("8BPS"u8) => $"a Photoshop document; {Convert}",
        _ when data.StartsWith<byte>([0, 0, 1, 0]) => $"a Windows icon; {Convert}",
        _ when data.StartsWith<byte>([0x76, 0x2F, 0x31, 0x01]) => $"an OpenEXR file; {Convert}",
        _ when data.StartsWith("#?RADIANCE"u8) || data.StartsWith("#?RGBE"u8) => $"a Radiance HDR file; {Convert}",
        _ when data.StartsWith("qoif"u8) => $"a QOI file; {Convert}",
        _ when data.StartsWith("FUJIFILMCCD-RAW"u8) || data.StartsWith("IIU\0"u8) || data.StartsWith("IIRO"u8) =>
            "a camera's raw file; develop it to JPEG or PNG",
        _ when data.Length > 2
            && data[0] == (byte)'P'
            && data[1] is >= (byte)'1' and <= (byte)'7'
            && data[2] is (byte)'\n' or (byte)'\r' or (byte)' ' =>
            $"a PNM file; {Convert}",
        _ when data.StartsWith("RIFF"u8) && data.Length >= 12 && data.Slice(8, 4).SequenceEqual("AVI "u8) =>
            "an AVI video; take its frames out as JPEG or PNG",
        _ when data.StartsWith<byte>([0x1A, 0x45, 0xDF, 0xA3]) => "a Matroska or WebM video; take its frames out as JPEG or PNG",
        _ when Text(data) is { } name => name,
        _ => null,
    };

    /// <summary>ISO base media files by their brand (ISO/IEC 14496-12, section 4.3).</summary>
    private static string? Box(ReadOnlySpan<byte> data)
    {
        if (data.Length < 12 || !data.Slice(4, 4).SequenceEqual("ftyp"u8))
        {
            return null;
        }

        var brand = data.Slice(8, 4);
        if (brand.SequenceEqual("avif"u8) || brand.SequenceEqual("avis"u8))
        {
            return $"an AVIF image; {Convert}";
        }

        if (brand.SequenceEqual("heic"u8) || brand.SequenceEqual("heix"u8) || brand.SequenceEqual("hevc"u8) || brand.SequenceEqual("hevx"u8)
            || brand.SequenceEqual("heim"u8) || brand.SequenceEqual("heis"u8)
            || brand.SequenceEqual("mif1"u8) || brand.SequenceEqual("msf1"u8))
        {
            return $"a HEIC image, as phones store photos; {Convert}, or set the phone's camera to its most compatible format";
        }

        return brand.SequenceEqual("crx "u8)
            ? "a camera's raw file (CR3); develop it to JPEG or PNG"
            : "a video or another ISO media file (MP4, MOV); take its frames out as JPEG or PNG";
    }

    private static string? Text(ReadOnlySpan<byte> data)
    {
        var text = data.StartsWith<byte>([0xEF, 0xBB, 0xBF]) ? data[3..] : data;
        text = text.TrimStart(" \t\r\n"u8);
        var start = text[..Math.Min(text.Length, 256)];
        if (start.StartsWith("<svg"u8) || (start.StartsWith("<?xml"u8) && start.IndexOf("<svg"u8) >= 0))
        {
            return "an SVG drawing; render it to PNG";
        }

        if (start.StartsWith("<!DOCTYPE"u8) || start.StartsWith("<!doctype"u8)
            || start.StartsWith("<html"u8) || start.StartsWith("<HTML"u8))
        {
            return "an HTML page, perhaps an error that a download stored in the image's place; fetch the image again";
        }

        if (start.StartsWith("version https://git-lfs"u8))
        {
            return "a Git LFS pointer in the image's place; fetch the image itself (git lfs pull)";
        }

        return start.StartsWith("data:image/"u8) ? "a data URL; store the decoded bytes" : null;
    }
}
