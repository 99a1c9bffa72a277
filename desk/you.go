package desk

import (
	"context"
	"net/http"
	"slices"

	"heed"
)

// you is the page on which a person says as whom to act and in which zone to
// read times.
type you struct {
	Officers []option
	Zone     string
	Zones    []string
	Problem  *problem
	Field    string // the field that the problem is about
}

func (d *desk) getYou(v *visit) {
	d.showYou(v, http.StatusOK, v.zone.String(), string(v.as.ID), nil, "")
}

func (d *desk) postYou(v *visit) {
	id, zone := v.r.PostForm.Get("officer"), v.r.PostForm.Get("zone")
	officers, err := d.exchange.Officers(v.r.Context())
	if err != nil {
		d.fault(v, err)
		return
	}
	known := slices.ContainsFunc(officers, func(o heed.Officer) bool { return string(o.ID) == id && !o.Removed })
	if !known {
		d.showYou(v, http.StatusUnprocessableEntity, zone, id, &problem{"Choose an officer who is on the roster.", ""}, "officer")
		return
	}
	if _, err := loadZone(zone); err != nil {
		d.showYou(v, http.StatusUnprocessableEntity, zone, id, &problem{"This is not a time zone that this machine knows.", "Write it like Europe/Vienna, or UTC."}, "zone")
		return
	}
	v.choose(heed.OfficerID(id), zone)
	d.log.Info("desk: officer chosen", "officer", id)
	http.Redirect(v.w, v.r, "/desk/", http.StatusSeeOther)
}

func (d *desk) showYou(v *visit, status int, zone, officer string, p *problem, field string) {
	officers, err := d.exchange.Officers(v.r.Context())
	if err != nil {
		d.fault(v, err)
		return
	}
	body := you{Zone: zone, Problem: p, Field: field}
	for _, o := range officers {
		if o.Removed {
			continue
		}
		body.Officers = append(body.Officers, option{Value: string(o.ID), Label: string(o.ID) + " (" + roleList(o.Roles) + ")", Chosen: string(o.ID) == officer})
	}
	if body.Zones, err = d.zones(v.r.Context()); err != nil {
		d.fault(v, err)
		return
	}
	d.show(v, status, "you", "Acting officer", body)
}

func roleList(roles []heed.Role) string {
	var out string
	for i, r := range roles {
		if i > 0 {
			out += ", "
		}
		out += word(roleWords, r)
	}
	return out
}

// zones suggests UTC and the zones of the ladders on both sides.
func (d *desk) zones(ctx context.Context) ([]string, error) {
	me, err := d.exchange.Self(ctx)
	if err != nil {
		return nil, err
	}
	peers, err := d.exchange.Peers(ctx)
	if err != nil {
		return nil, err
	}
	ladders := []heed.Ladder{me.Card.Ladder}
	for _, p := range peers {
		ladders = append(ladders, p.Card.Ladder)
	}
	zones := []string{"UTC"}
	for _, l := range ladders {
		for _, rung := range l {
			if _, err := loadZone(rung.Zone); err == nil && !slices.Contains(zones, rung.Zone) {
				zones = append(zones, rung.Zone)
			}
		}
	}
	return zones, nil
}
