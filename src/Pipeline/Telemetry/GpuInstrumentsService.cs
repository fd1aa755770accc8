using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nanodet.Detection.Gpu;

namespace Nanodet.Serverless.Pipeline.Telemetry;

/// <summary>Offers the instruments of the GPUs where a driver is; elsewhere there are none, and that is no error.</summary>
internal sealed class GpuInstrumentsService(ILogger<GpuInstrumentsService> logger) : IHostedService, IDisposable
{
    private NvmlDriver? _driver;
    private GpuInstruments? _instruments;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (NvmlDriver.TryOpen(out _driver, out var problem))
        {
            _instruments = new GpuInstruments(_driver);
            Log.GpuDriver(logger, _driver.DriverVersion, _driver.CudaVersion);
        }
        else
        {
            Log.NoGpuDriver(logger, problem);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose()
    {
        _instruments?.Dispose();
        _driver?.Dispose();
    }
}
