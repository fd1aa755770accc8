using Xunit;

namespace Nanodet.Serverless.TestKit.Azurite;

/// <summary>One Azurite for all tests of an assembly; each test has containers of its own.</summary>
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
