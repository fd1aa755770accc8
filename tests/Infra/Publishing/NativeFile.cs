using System.Buffers.Binary;
using System.Reflection.PortableExecutable;
using Nanodet.Detection.Natives;

namespace Nanodet.Serverless.Infra.Tests.Publishing;

/// <summary>The platform that a file of native code is for, as its own header says.</summary>
internal static class NativeFile
{
    private const ushort ElfX64 = 62;
    private const ushort ElfArm64 = 183;
    private const uint MachO = 0xFEEDFACF;
    private const uint MachOUniversal = 0xBEBAFECA;
    private const uint MachX64 = 0x01000007;
    private const uint MachArm64 = 0x0100000C;
    private const int Header = 64;

    /// <summary>The runtime identifier that the file belongs to; null for a file without native code: text, data, a managed assembly.</summary>
    /// <exception cref="InvalidDataException">It has native code for a platform that this reader does not know.</exception>
    public static string? FindPlatform(string path)
    {
        Span<byte> header = stackalloc byte[Header];
        using (var file = File.OpenHandle(path))
        {
            if (RandomAccess.Read(file, header, 0) < Header)
            {
                return null;
            }
        }

        if (header.StartsWith((ReadOnlySpan<byte>)[0x7F, (byte)'E', (byte)'L', (byte)'F']))
        {
            return $"{(IsMusl(path) ? "linux-musl" : "linux")}-{ElfMachine(path, header)}";
        }

        if (header.StartsWith("MZ"u8))
        {
            return FindWindows(path);
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(header) switch
        {
            MachO => BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) switch
            {
                MachX64 => "osx-x64",
                MachArm64 => "osx-arm64",
                var cpu => throw Unknown(path, $"Mach-O for the processor type 0x{cpu:X}"),
            },
            MachOUniversal => throw Unknown(path, "a universal Mach-O, which holds several platforms"),
            _ => null,
        };
    }

    private static string ElfMachine(string path, ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt16LittleEndian(header[18..]) switch
    {
        ElfX64 => "x64",
        ElfArm64 => "arm64",
        var machine => throw Unknown(path, $"ELF for the machine {machine}"),
    };

    // A library of musl needs musl's own library by name; a program starts through its loader.
    private static bool IsMusl(string path) =>
        SharedObject.ReadNeeded(path).Any(library => library.StartsWith("libc.musl-", StringComparison.Ordinal));

    private static string? FindWindows(string path)
    {
        using var stream = File.OpenRead(path);
        using var reader = new PEReader(stream);
        if (reader.HasMetadata)
        {
            return null;
        }

        return reader.PEHeaders.CoffHeader.Machine switch
        {
            Machine.Amd64 => "win-x64",
            Machine.Arm64 => "win-arm64",
            var machine => throw Unknown(path, $"a Windows program for {machine}"),
        };
    }

    private static InvalidDataException Unknown(string path, string found) =>
        new($"{path}: expected native code for x64 or arm64, found {found}.");
}
