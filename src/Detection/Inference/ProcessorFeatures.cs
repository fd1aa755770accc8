using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace Nanodet.Detection.Inference;

/// <summary>
/// What tells one processor from another as far as ONNX Runtime's choice of layouts and kernels goes: family and model, the feature bits
/// of CPUID, and which vector instructions the operating system lets through.
/// </summary>
internal static class ProcessorFeatures
{
    /// <summary>One line of text, the same for every thread and start on one machine.</summary>
    internal static string Text { get; } = Read();

    /// <summary>The processor's name as its maker spells it, for people; its architecture where it has none.</summary>
    internal static string Name { get; } = ReadName();

    private static string Read()
    {
        var architecture = RuntimeInformation.ProcessArchitecture;
        if (!X86Base.IsSupported)
        {
            return $"{architecture};crc={Crc32.IsSupported};dot={Dp.IsSupported};rdm={Rdm.IsSupported};"
                + $"id={Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER")}";
        }

        // EBX of leaf 1 names the core that this thread happens to run on: it is left out.
        var (most, vendor1, vendor3, vendor2) = X86Base.CpuId(0, 0);
        var basic = X86Base.CpuId(1, 0);
        var extended = most >= 7 ? X86Base.CpuId(7, 0) : default;
        var more = most >= 7 && extended.Eax >= 1 ? X86Base.CpuId(7, 1) : default;
        return $"{architecture};{vendor1:x8}{vendor2:x8}{vendor3:x8};{basic.Eax:x8};{basic.Ecx:x8};{basic.Edx:x8};"
            + $"{extended.Ebx:x8};{extended.Ecx:x8};{extended.Edx:x8};{more.Eax:x8};{more.Edx:x8};"
            + $"avx={Avx.IsSupported};avx2={Avx2.IsSupported};fma={Fma.IsSupported};"
            + $"avx512={Avx512F.IsSupported};vnni={AvxVnni.IsSupported}";
    }

    /// <summary>CPUID has the name in 48 bytes of its leaves 0x80000002 to 0x80000004.</summary>
    private static string ReadName()
    {
        var unnamed = Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
        const int first = unchecked((int)0x80000002);
        const int last = unchecked((int)0x80000004);
        if (!X86Base.IsSupported || (uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax < unchecked((uint)last))
        {
            return unnamed;
        }

        var text = new List<byte>();
        for (var leaf = first; leaf <= last; leaf++)
        {
            var (eax, ebx, ecx, edx) = X86Base.CpuId(leaf, 0);
            foreach (var register in (ReadOnlySpan<int>)[eax, ebx, ecx, edx])
            {
                text.AddRange(BitConverter.GetBytes(register));
            }
        }

        var name = Encoding.ASCII.GetString([.. text]).Trim('\0', ' ');
        return name.Length > 0 ? name : unnamed;
    }
}
