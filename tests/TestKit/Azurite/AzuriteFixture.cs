using Nanodet.Serverless.Pipeline.Tests;
using Nanodet.Serverless.TestKit.Azurite;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace Nanodet.Serverless.Pipeline.Tests;

/// <summary>One Azurite for all tests; each test has containers of its own.</summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    private AzuriteProcess? _azurite;

    public AzuriteProcess Azurite => _azurite!;

    public async ValueTask InitializeAsync() => _azurite = await AzuriteProcess.StartAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        if (_azurite is not null)
        {
            await _azurite.DisposeAsync();
        }
    }
}
