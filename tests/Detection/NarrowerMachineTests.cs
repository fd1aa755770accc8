using System.Diagnostics;

namespace Nanodet.Serverless.Detection.Tests;

/// <summary>The twins once more, on what is left of this machine when the runtime may not use its widest vectors.</summary>
public sealed class NarrowerMachineTests
{
    [Theory]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    [InlineData("DOTNET_EnableHWIntrinsic")]
    public async Task Twins_WithoutAnInstructionSet_StillAgree(string instructionSet)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(NarrowerMachineTests).Assembly.Location, "-noLogo", "-noColor", "-class", "*TwinTests"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[instructionSet] = "0";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(process.ExitCode == 0, $"{instructionSet}=0: exit code {process.ExitCode}\n{output}\n{await error}");
        Assert.Contains("Failed: 0", output, StringComparison.Ordinal);
    }
}
