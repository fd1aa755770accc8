using Nanodet.Serverless.Chaos.Tests.Running;

namespace Nanodet.Serverless.Chaos.Tests;

/// <summary>The whole app while processes are killed, storage fails and images change: nothing is lost, doubled or left over.</summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Run_KillsFaultsAndOverwrittenImages_LosesNothing()
    {
        var outcome = await ChaosRun.RunAsync(ChaosPlan.Short(seed: 1), output.WriteLine, TestContext.Current.CancellationToken);

        Assert.True(outcome.IsGood, $"{outcome}\n{string.Join('\n', outcome.Findings)}");
        output.WriteLine(outcome.ToString());
    }
}
