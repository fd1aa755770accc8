using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Backbones;

/// <summary>One stage of a <see cref="CustomCspNet"/>.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="InChannels">Input channels, where the config names them.</param>
/// <param name="OutChannels">Output channels of a convolution.</param>
/// <param name="Blocks">Number of residual blocks in a cross-stage-partial block.</param>
/// <param name="Kernel">Side of the kernel.</param>
/// <param name="Stride">Step of the kernel.</param>
internal sealed record CspStage(CspStageKind Kind, int? InChannels, int OutChannels, int Blocks, int Kernel, int Stride)
{
    /// <summary>
    /// Reads an item of <c>net_cfg</c>: ['Conv', in, out, kernel, stride], ['CspBlock', in, blocks, kernel, stride] or
    /// ['MaxPool', kernel, stride].
    /// </summary>
    public static CspStage Read(ConfigNode node)
    {
        var items = node.Items();
        var kind = items.Count > 0 ? items[0].AsText() : "";
        var numbers = items.Skip(1).Select(item => item.AsInteger()).ToArray();
        if (numbers.Any(number => number is < 1 or > 65_536))
        {
            throw node.Invalid($"numbers from 1 were expected, [{string.Join(", ", numbers)}] were found");
        }

        return (kind, numbers) switch
        {
            ("Conv", [var input, var output, var kernel, var stride]) => new CspStage(CspStageKind.Conv, input, output, 0, kernel, stride),
            ("CspBlock", [var input, var blocks, var kernel, var stride]) when input % 2 == 0 =>
                new CspStage(CspStageKind.CspBlock, input, input, blocks, kernel, stride),
            ("MaxPool", [var kernel, var stride]) => new CspStage(CspStageKind.MaxPool, null, 0, 0, kernel, stride),
            _ => throw node.Invalid(
                "['Conv', in, out, kernel, stride], ['CspBlock', even in, blocks, kernel, stride] "
                + "or ['MaxPool', kernel, stride] was expected, "
                + $"['{kind}', {string.Join(", ", numbers)}] was found"),
        };
    }
}
