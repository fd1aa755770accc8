using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;

namespace Nanodet.Serverless.Pipeline.Workers;

/// <summary>Has each identity computed by one batch of this worker at a time; the others wait, and take its result.</summary>
/// <param name="options">How many finished identities are remembered.</param>
/// <param name="staging">Has results that are not written yet.</param>
/// <param name="records">Has those that are.</param>
public sealed class ImageClaims(IOptions<WorkerOptions> options, BatchStaging staging, ResultRecords records)
{
    private readonly IdentityRegister _register = new(options.Value.RememberedIdentities);

    /// <summary>Claims the identities in the register's order, and skips those that another batch has computed meanwhile.</summary>
    /// <param name="batch">The batch; a forced one claims nothing.</param>
    /// <param name="images">Its images, looked up.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task ClaimAsync(BatchReference batch, BatchImage[] images, CancellationToken cancellationToken)
    {
        var open = images.Where(image => image.Outcome is null).OrderBy(image => image.Identity, StringComparer.Ordinal);
        string? last = null;
        foreach (var image in open)
        {
            if (image.Identity == last)
            {
                // Twice in one batch.
                image.Skip();
                continue;
            }

            last = image.Identity;
            while (!batch.Force && !image.IsClaimed && image.Outcome is null)
            {
                var finished = await _register.EnterAsync(image.Identity!, cancellationToken).ConfigureAwait(false);
                if (finished is null)
                {
                    image.IsClaimed = true;
                }
                else if (await IsThereAsync(image, finished, cancellationToken).ConfigureAwait(false))
                {
                    image.Skip(finished);
                }
                else
                {
                    _register.Forget(image.Identity!, finished);
                }
            }
        }
    }

    /// <summary>True when the result that was computed lately waits in staging, or is written.</summary>
    private async Task<bool> IsThereAsync(BatchImage image, string stagingBlob, CancellationToken cancellationToken)
    {
        if (await staging.ExistsAsync(stagingBlob, cancellationToken).ConfigureAwait(false))
        {
            return true;
        }

        var record = await records.FindAsync(image.Message.Container, image.Message.Name, cancellationToken).ConfigureAwait(false);
        return record?.Identity == image.Identity;
    }

    /// <summary>Ends the claims of images that have one.</summary>
    /// <param name="images">The images.</param>
    /// <param name="stagingBlob">Where their results wait; null where there are none.</param>
    internal void Leave(IEnumerable<BatchImage> images, string? stagingBlob)
    {
        foreach (var image in images.Where(image => image.IsClaimed))
        {
            // A failure without identity is nothing that another batch could rely on.
            _register.Leave(image.Identity!, image.Outcome?.Identity is null ? null : stagingBlob);
            image.IsClaimed = false;
        }
    }
}
